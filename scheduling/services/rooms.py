"""Everything that can happen to a room."""

from collections.abc import Mapping
from typing import Any

from django.db import models

from core.records import save_changes, save_new
from scheduling.errors import RoomInUse
from scheduling.models import Room


def room_create(*, name: str, capacity: int = 1, active: bool = True) -> Room:
    """A new room. Raises ValidationError (fields), FieldConflict for a name that is taken."""
    room = Room(name=name, capacity=capacity, active=active)
    save_new(room)
    return room


def room_update(*, room: Room, changes: Mapping[str, Any]) -> Room:
    """Changes `name`, `capacity` or `active`.

    An inactive room keeps its appointments and takes no new ones. Raises like `room_create`, and
    FieldConflict for a capacity below the places that appointments to come have.
    """
    save_changes(room, changes)
    return room


def room_delete(*, room: Room) -> None:
    """Takes out a room that was never used. Raises RoomInUse."""
    try:
        room.delete()
    except models.ProtectedError as error:
        raise RoomInUse(room=room.pk) from error
