"""Whose charts a request opens. The shared bases of views note it; `audit.middleware` records it.

A chart is everything that refers to one patient, directly or through other models.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.http import HttpRequest

from core.requests import notes_of

_patients: list[type[models.Model]] = []  # one, once the apps are ready


def charts_are_of(model: type[models.Model]) -> None:
    """Declare the model whose rows have charts (from its app's AppConfig.ready)."""
    _patients[:] = [model]
    chart_path.cache_clear()


@cache
def chart_path(model: type[models.Model]) -> str | None:
    """The shortest lookup from the model to its patient's id: `item__prescription__patient_id`.

    None for a model that belongs to no chart. Raises ImproperlyConfigured while nobody has called
    `charts_are_of`: views of charts would go unrecorded.
    """
    if not _patients:
        raise ImproperlyConfigured("No app has said whose charts there are: core.charts")

    ways: list[tuple[type[models.Model], tuple[str, ...]]] = [(model, ())]
    seen = {model}
    for reached, names in ways:  # grows on the way: breadth first
        # A version of a patient belongs to the patient's chart too.
        if getattr(reached, "instance_type", reached) in _patients:
            return f"{'__'.join(names)}_id" if names else "id"
        for field in reached._meta.concrete_fields:
            target: Any = field.related_model
            if target is not None and target not in seen:
                seen.add(target)
                ways.append((target, (*names, field.name)))

    return None


def chart_models() -> dict[str, type[models.Model]]:
    """The models that charts are made of, by the name of their table."""
    return {
        model._meta.db_table: model
        for model in apps.get_models()
        if chart_path(model) and not hasattr(model, "instance_type")  # histories
    }


def charts_open(request: HttpRequest, rows: Iterable[models.Model]) -> None:
    """Note that the answer shows these rows; rows that belong to no chart are passed over.

    The caller's queryset loads (select_related) what lies between them and the patient.
    """
    charts_open_of(request, map(chart_of, rows))


def charts_open_of(request: HttpRequest, patient_ids: Iterable[UUID | None]) -> None:
    """Note that the answer shows something of these patients' charts; None stands for no chart."""
    found = (patient_id for patient_id in patient_ids if patient_id is not None)
    notes_of(request).charts_opened.update(found)


def chart_of(row: models.Model) -> UUID | None:
    """The id of the patient whose chart the row belongs to."""
    path = chart_path(type(row))
    found: Any = row if path else None
    for name in path.split("__") if path else ():
        found = getattr(found, name, None)

    patient_id: UUID | None = found
    return patient_id
