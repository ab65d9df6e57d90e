"""Recording of events. The database fills in who, when and from where."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import connections, router

from audit.events.details import refuse_content
from audit.events.models import Event, EventKind


def event_record(
    *,
    kind: EventKind,
    patient_id: UUID | None = None,
    table_name: str = "",
    record_id: UUID | str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Record that something happened, in the current transaction if there is one.

    Raises ValueError for details that may be content (`audit.events.details`).
    """
    refuse_content(table_name, record_id, details or {})
    Event.objects.create(
        kind=kind,
        patient_id=patient_id,
        table_name=table_name,
        record_id=str(record_id),
        details=dict(details or {}),
    )


def chart_view_record(*, patient_ids: Iterable[UUID]) -> int:
    """Record that the actor sees these patients' charts; returns how many events were written.

    A chart that the same person saw less than 15 minutes ago isn't recorded again, nor is one that
    a parallel request records. Runs one statement, however many charts there are.
    """
    charts = sorted(set(patient_ids))
    if not charts:
        return 0

    with connections[router.db_for_write(Event)].cursor() as cursor:
        cursor.execute("SELECT audit_chart_views(%s)", [charts])
        (recorded,) = cursor.fetchone()

    return int(recorded)
