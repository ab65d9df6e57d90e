"""Whose charts a request opens. The shared bases of views note it; `audit.middleware` records it.

A chart is a patient's: every model that refers to one, straight or through others, is of it.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models
from django.http import HttpRequest

from core.requests import notes_of

PATIENT = "patients.Patient"


@cache
def chart_path(model: type[models.Model]) -> str | None:
    """The lookup from the model to its patient's id, e.g. `item__prescription__patient_id`.

    The shortest one; None for a model that is of no chart.
    """
    ways: list[tuple[type[models.Model], tuple[str, ...]]] = [(model, ())]
    seen = {model}
    for reached, names in ways:  # grows on the way: breadth first
        # A version of a patient is of the patient's chart, too.
        if getattr(reached, "instance_type", reached)._meta.label == PATIENT:
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
    """Note that the answer shows these rows; of rows that are of no chart nothing is noted.

    The caller's queryset brings along (select_related) what lies between them and the patient.
    """
    charts_open_of(request, map(chart_of, rows))


def charts_open_of(request: HttpRequest, patient_ids: Iterable[UUID | None]) -> None:
    """Note that the answer shows something of these patients' charts; None is of no chart."""
    opened = notes_of(request).charts_opened
    opened.update(patient_id for patient_id in patient_ids if patient_id is not None)


def chart_of(row: models.Model) -> UUID | None:
    """The id of the patient whose chart the row is of."""
    path = chart_path(type(row))
    found: Any = row if path else None
    for name in path.split("__") if path else ():
        found = getattr(found, name, None)
    patient_id: UUID | None = found
    return patient_id


def opened_charts(request: HttpRequest) -> set[UUID]:
    """The patients whose charts the request has opened so far."""
    return notes_of(request).charts_opened
