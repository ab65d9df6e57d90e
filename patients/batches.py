"""What a patient of a batch can have in common with others: the CPF."""

from collections.abc import Iterable

from core.api.batches import Item
from patients.constraints import RULES
from patients.models import Patient

_UNIQUE = RULES["patients_patient_cpf_unique"]


def refuse_known_cpfs(items: Iterable[Item]) -> None:
    """Refuse the items whose CPF a patient of the clinic, or an earlier item, has."""
    valid = [item for item in items if not item.errors]
    cpfs = [item.instance.cpf for item in valid]
    taken = set(Patient.objects.alive().filter(cpf__in=cpfs).values_list("cpf", flat=True))
    for item in valid:
        if item.instance.cpf in taken:
            item.refuse(_UNIQUE.field, _UNIQUE.code, str(_UNIQUE.message))
        taken.add(item.instance.cpf)
