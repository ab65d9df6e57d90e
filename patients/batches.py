"""CPFs that patients of a batch share with each other, or with patients of the clinic."""

from collections.abc import Iterable

from core.api.batches import Item
from patients.constraints import RULES
from patients.models import Patient

_UNIQUE = RULES["patients_patient_cpf_unique"]


def refuse_known_cpfs(items: Iterable[Item]) -> None:
    """Refuse each item whose CPF belongs to a patient of the clinic, or to an earlier item."""
    valid = [item for item in items if not item.errors]
    cpfs = [item.instance.cpf for item in valid]
    taken = set(Patient.objects.alive().filter(cpf__in=cpfs).values_list("cpf", flat=True))
    for item in valid:
        if item.instance.cpf in taken:
            item.refuse(_UNIQUE.field, _UNIQUE.code, str(_UNIQUE.message))
        taken.add(item.instance.cpf)
