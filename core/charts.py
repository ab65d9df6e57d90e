"""Whose charts a request opens. The shared bases of views note it; `audit.events` records it.

What a chart is, and whose, the audit trail knows: it registers the function that tells.
"""

from collections.abc import Callable, Iterable
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.http import HttpRequest

from core.requests import notes_of

ChartOf = Callable[[models.Model], UUID | None]
_CHART_OF: list[ChartOf] = []  # the one that was registered


def register_chart_of(chart_of: ChartOf) -> None:
    """Register what tells the patient whose chart a row is of, or None."""
    _CHART_OF[:] = [chart_of]


def charts_open(request: HttpRequest, rows: Iterable[models.Model]) -> None:
    """Note that the answer shows these rows; rows of no chart leave no note.

    The caller's queryset brings along (select_related) what lies between them and the patient.
    Raises ImproperlyConfigured while nothing is registered: what can't be noted isn't shown.
    """
    if not _CHART_OF:
        raise ImproperlyConfigured("No app has registered what tells whose chart a row is of.")
    charts_open_of(request, map(_CHART_OF[0], rows))


def charts_open_of(request: HttpRequest, patient_ids: Iterable[UUID | None]) -> None:
    """Note that the answer shows something of these patients' charts; None is of no chart."""
    found = (patient_id for patient_id in patient_ids if patient_id is not None)
    notes_of(request).charts_opened.update(found)
