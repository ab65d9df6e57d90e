"""A patient's chart in the histories: which versions are of it, and how it stood at a moment."""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import Q

from audit.capture.histories import histories
from audit.capture.history import PATIENT


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


def chart_as_of(patient_id: UUID, at: datetime) -> dict[str, list[Any]]:
    """What the chart held at `at`: by table, the objects as they were, unsaved.

    An object is of the chart that it belonged to at that moment. Tables that held nothing are left
    out; the chart is empty before the patient was registered.
    """
    chart = {}
    for history in chart_histories():
        condition = of_patient(history, patient_id)
        then = history.objects.filter(history_date__lte=at).latest_of_each()
        objects = list(then.filter(condition).order_by("id").as_instances())
        if objects:
            chart[history.instance_type._meta.db_table] = objects
    return chart
