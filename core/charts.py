"""Whose charts a request opens. The shared bases of views note it; `audit.events` records it.

Only the audit trail knows what a chart is and whose it is; it registers the function that answers.
"""

from collections.abc import Callable, Iterable
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.http import HttpRequest

from core.requests import notes_of

ChartOf = Callable[[models.Model], UUID | None]
_CHART_OF: list[ChartOf] = []  # the registered function


def register_chart_of(chart_of: ChartOf) -> None:
    """Register the function that returns the id of a row's patient, or None."""
    _CHART_OF[:] = [chart_of]


def charts_open(request: HttpRequest, rows: Iterable[models.Model]) -> None:
    """Note that the answer shows these rows; a row that belongs to no chart leaves no note.

    The caller's queryset loads (select_related) the objects between a row and its patient.
    Raises ImproperlyConfigured while nothing is registered: what can't be noted isn't shown.
    """
    if not _CHART_OF:
        raise ImproperlyConfigured(
            "No app has registered the function that says whose chart a row is."
        )
    charts_open_of(request, map(_CHART_OF[0], rows))


def charts_open_of(request: HttpRequest, patient_ids: Iterable[UUID | None]) -> None:
    """Note that the answer shows part of these patients' charts; None stands for no chart."""
    found = (patient_id for patient_id in patient_ids if patient_id is not None)
    notes_of(request).charts_opened.update(found)
