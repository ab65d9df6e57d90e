"""The trail's own tables: events and seals. Histories belong to the models that they are of."""

from audit.events.models import Event, EventKind
from audit.seals.models import Seal, SealedTable

__all__ = ["Event", "EventKind", "Seal", "SealedTable"]
