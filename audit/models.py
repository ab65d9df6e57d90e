"""The trail's own tables: events and seals. A history belongs to the app of its model."""

from audit.events.models import Event, EventKind
from audit.seals.models import Seal, SealedTable

__all__ = ["Event", "EventKind", "Seal", "SealedTable"]
