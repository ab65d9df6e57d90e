"""Writes to rooms. All raise SetupNotPermitted for those who don't write the agenda's set-up."""

from collections.abc import Mapping
from typing import Any

from django.db import models

from accounts.models import User
from core.records import save_changes, save_new
from scheduling.access import refuse_setup
from scheduling.errors import RoomInUse
from scheduling.models import Room


def room_create(
    *, acting_user: User | None, name: str, capacity: int = 1, active: bool = True
) -> Room:
    """Add a room. Raises ValidationError (fields), FieldConflict for a name that is taken."""
    refuse_setup(acting_user)
    room = Room(name=name, capacity=capacity, active=active)
    save_new(room)
    return room


def room_update(*, acting_user: User | None, room: Room, changes: Mapping[str, Any]) -> Room:
    """Change `name`, `capacity` or `active`.

    An inactive room keeps its appointments and takes no new ones. Raises what `room_create` raises,
    and FieldConflict for a capacity below the places that coming appointments take.
    """
    refuse_setup(acting_user)
    save_changes(room, changes)
    return room


def room_delete(*, acting_user: User | None, room: Room) -> None:
    """Delete a room that was never used. Raises RoomInUse."""
    refuse_setup(acting_user)
    try:
        room.delete()
    except models.ProtectedError as error:
        raise RoomInUse(room=room.pk) from error
