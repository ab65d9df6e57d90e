"""Which chart a row belongs to, as its model's history declares it: `TrackedHistory(chart=…)`.

A chart is a patient's. The app that has the patient's model registers it here.
"""

from functools import cache
from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db import models

from audit.capture.classification import is_history, is_tracked
from audit.capture.histories import histories

_PATIENT: list[type[models.Model]] = []  # the registered model


def register_patient(model: type[models.Model]) -> None:
    """Register the model of a patient, whose charts the trail follows."""
    _PATIENT[:] = [model]


def patient_model() -> type[models.Model]:
    """The model of a patient. Raises ImproperlyConfigured when no app has registered one."""
    if not _PATIENT:
        raise ImproperlyConfigured("No app has registered the model whose charts are kept.")
    return _PATIENT[0]


@cache
def chart_reference(model: type[models.Model]) -> Any:
    """The foreign key by which a model, or its history, belongs to a chart.

    None for a model without one, as for the patient, whose row is the chart's first.
    """
    if is_history(model):
        history: Any = model
    elif is_tracked(model):
        history = model.history.model  # type: ignore[attr-defined]
    else:
        return None

    fields = {field.name: field for field in model._meta.concrete_fields}
    return fields.get(history.chart_reference)


@cache
def chart_path(model: type[models.Model]) -> str | None:
    """The lookup from a model, or its history, to the patient's id; None if it is of no chart.

    For an exercise log: `item__prescription__patient_id`.
    """
    if getattr(model, "instance_type", model) is patient_model():
        return "id"

    reference = chart_reference(model)
    if reference is None:
        return None
    if reference.related_model is patient_model():
        return str(reference.attname)

    beyond = chart_path(reference.related_model)
    return f"{reference.name}__{beyond}" if beyond else None


def chart_of(row: models.Model) -> UUID | None:
    """The id of the patient whose chart the row belongs to; None if it belongs to no chart.

    The caller's queryset loads (select_related) the objects between the row and the patient.
    """
    path = chart_path(type(row))
    if path is None:
        return None

    found: Any = row
    for name in path.split("__"):
        found = getattr(found, name, None)
    patient_id: UUID | None = found
    return patient_id


def chart_models() -> dict[str, type[models.Model]]:
    """The models that charts are made of, by the name of their table."""
    return {
        table: history.instance_type
        for table, history in histories().items()
        if chart_path(history)
    }
