"""The trail's own tables: events and seals. Histories belong to the models that they are of."""

from audit.models.events import Event, Kind
from audit.models.seals import Seal, SealedTable

__all__ = ["Event", "Kind", "Seal", "SealedTable"]
