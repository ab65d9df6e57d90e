"""Writes events. Versions are written by the database (audit.capture)."""

from typing import Any
from uuid import UUID

from audit.models import Event, Kind


def event_record(
    *,
    kind: Kind,
    patient_id: UUID | None = None,
    table_name: str = "",
    record_id: str = "",
    details: dict[str, Any] | None = None,
) -> Event:
    """Record what happened, without content: `details` has ids, names of fields and counts."""
    event: Event = Event.objects.create(
        kind=kind,
        patient_id=patient_id,
        table_name=table_name,
        record_id=record_id,
        details=details or {},
    )
    return event
