"""Who writes the agenda's set-up: rooms, weekly hours and closures."""

from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest

from accounts.models import User
from scheduling.errors import SetupNotPermitted
from scheduling.models import Closure, Room, WorkingHours
from scheduling.services import (
    closure_create,
    closure_delete,
    closure_update,
    hours_create,
    hours_delete,
    hours_update,
    room_create,
    room_delete,
    room_update,
)
from tenants.context import ClinicRoute
from tests.people import Everybody

Write = Callable[[User | None], object]


@pytest.fixture
def writes(in_norte: ClinicRoute, people: Everybody) -> list[Write]:
    """Every write to the set-up, in an order in which all succeed."""
    therapist, day = people.norte.therapist, date(2026, 3, 2)
    hours: dict[str, Any] = {"therapist": therapist, "start": time(8), "end": time(12)}
    room = room_create(acting_user=None, name="Sala 1")
    morning = hours_create(acting_user=None, weekday=0, **hours)
    closure = closure_create(acting_user=None, first_day=day, last_day=day, reason="Obra")

    return [
        lambda who: room_create(acting_user=who, name="Sala 2"),
        lambda who: room_update(acting_user=who, room=room, changes={"capacity": 2}),
        lambda who: room_delete(acting_user=who, room=room),
        lambda who: hours_create(acting_user=who, weekday=1, **hours),
        lambda who: hours_update(acting_user=who, hours=morning, changes={"weekday": 2}),
        lambda who: hours_delete(acting_user=who, hours=morning),
        lambda who: closure_create(acting_user=who, first_day=day, last_day=day, reason="Outra"),
        lambda who: closure_update(acting_user=who, closure=closure, changes={"reason": "X"}),
        lambda who: closure_delete(acting_user=who, closure=closure),
    ]


@pytest.mark.parametrize("role", ["owner", "manager", "receptionist"])
def test_owner_managers_and_reception_write_it(
    writes: list[Write], people: Everybody, role: str
) -> None:
    for write in writes:
        write(getattr(people.norte, role))

    assert [room.name for room in Room.objects.all()] == ["Sala 2"]
    assert [hours.weekday for hours in WorkingHours.objects.all()] == [1]
    assert [closure.reason for closure in Closure.objects.all()] == ["Outra"]


@pytest.mark.parametrize("role", ["therapist", "patient", "auditor"])
def test_the_others_are_refused(writes: list[Write], people: Everybody, role: str) -> None:
    for write in writes:
        with pytest.raises(SetupNotPermitted):
            write(getattr(people.norte, role))

    assert [room.capacity for room in Room.objects.all()] == [1]
    assert [hours.weekday for hours in WorkingHours.objects.all()] == [0]
    assert [closure.reason for closure in Closure.objects.all()] == ["Obra"]
