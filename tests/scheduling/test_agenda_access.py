"""Who writes an agenda: the staff, and a therapist only their own; the services ask."""

from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest

from accounts.models import User
from core.errors import NotPermitted
from scheduling.models import Appointment, HoursException, Series
from scheduling.services import (
    appointment_book,
    appointment_draft,
    exception_create,
    exception_delete,
    exception_update,
    series_book,
    series_preview,
)
from tenants.context import ClinicRoute
from tests.people import Everybody
from tests.scheduling.conftest import At

Write = Callable[[User | None], object]


@pytest.fixture
def writes(in_norte: ClinicRoute, people: Everybody, at: At) -> list[Write]:
    """Writes to the therapist's agenda, in an order in which all succeed."""
    therapist, patient, day = people.norte.therapist, people.norte.record, date(2026, 3, 4)
    visit: dict[str, Any] = {"patient": patient, "therapist": therapist, **at(9)}
    rule: dict[str, Any] = {
        "patient": patient,
        "therapist": therapist,
        "first_day": day,
        "weekdays": [2],
        "start": time(15),
        "length": 60,
        "count": 2,
    }
    off = exception_create(acting_user=None, therapist=therapist, day=date(2026, 3, 9))

    return [
        lambda who: appointment_draft(acting_user=who, **visit),
        lambda who: appointment_book(acting_user=who, **visit),
        lambda who: series_preview(acting_user=who, **rule),
        lambda who: series_book(acting_user=who, **rule),
        lambda who: exception_create(acting_user=who, therapist=therapist, day=day),
        lambda who: exception_update(acting_user=who, exception=off, changes={"day": day}),
        lambda who: exception_delete(acting_user=who, exception=off),
    ]


@pytest.mark.parametrize("role", ["patient", "auditor"])
def test_only_the_staff_write_an_agenda(writes: list[Write], people: Everybody, role: str) -> None:
    for write in writes:
        with pytest.raises(NotPermitted):
            write(getattr(people.norte, role))

    assert not Appointment.objects.exists()
    assert not Series.objects.exists()
    assert HoursException.objects.count() == 1


@pytest.mark.parametrize("role", ["owner", "manager", "receptionist", "therapist"])
def test_the_staff_book_and_plan(writes: list[Write], people: Everybody, role: str) -> None:
    for write in writes[:5]:
        write(getattr(people.norte, role))

    assert Appointment.objects.count() == 3
    assert HoursException.objects.count() == 2
