"""What the trail is read from: the history of every tracked model of a clinic."""

from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Q

from audit.classification import is_history
from audit.history import PATIENT
from tenants.router import is_clinical


@cache
def histories() -> dict[str, Any]:
    """The history model of each tracked table, by the table's name, in the order of the names."""
    found = {
        model.instance_type._meta.db_table: model  # type: ignore[attr-defined]
        for model in apps.get_models()
        if is_history(model) and is_clinical(model._meta.app_label)
    }
    return dict(sorted(found.items()))


def of_patient(history: Any, patient_id: UUID) -> Q | None:
    """The condition for versions that are of a patient's chart; None where there are none.

    The patient is known by being what `patient` refers to; a model without that reference is of
    the chart when the model that its own reference leads to is.
    """
    if history.instance_type is _patients_model():
        return Q(id=patient_id)
    field = _chart_field(history)
    if field is None:
        return None
    if field.name == PATIENT:
        return Q(patient_id=patient_id)
    behind = histories()[field.related_model._meta.db_table]
    versions = behind.objects.filter(of_patient(behind, patient_id)).order_by()
    return Q((f"{field.attname}__in", versions.values("id")))


def chart_histories() -> list[Any]:
    """The histories that a patient's chart is made of."""
    patients = _patients_model()
    return [
        history
        for history in histories().values()
        if history.instance_type is patients or _chart_field(history) is not None
    ]


def _chart_field(history: Any) -> Any:
    named = (f for f in history.tracked_fields if f.name == history.chart_reference)
    return next(named, None)


@cache
def _patients_model() -> Any:
    fields = filter(None, map(_chart_field, histories().values()))
    return next((field.related_model for field in fields if field.name == PATIENT), None)
