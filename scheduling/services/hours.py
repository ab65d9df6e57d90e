"""Everything that can happen to working hours, their exceptions and the clinic's closures."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from accounts.models import User
from core.errors import FieldNotPermitted
from core.records import save_changes, save_new
from scheduling.access import owns_agenda
from scheduling.models import Closure, HoursException, WorkingHours


def hours_create(
    *,
    therapist: User,
    weekday: int,
    start: time,
    end: time,
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> WorkingHours:
    """New weekly hours. Raises ValidationError (fields), FieldConflict where others overlap."""
    hours = WorkingHours(
        therapist=therapist,
        weekday=weekday,
        start=start,
        end=end,
        valid_from=valid_from,
        valid_until=valid_until,
    )
    save_new(hours)
    return hours


def hours_update(*, hours: WorkingHours, changes: Mapping[str, Any]) -> WorkingHours:
    """Changes anything but the therapist. Raises like `hours_create`."""
    save_changes(hours, changes)
    return hours


def hours_delete(*, hours: WorkingHours) -> None:
    """Takes weekly hours out. What was booked in them stays."""
    hours.delete()


def exception_create(
    *,
    acting_user: User | None,
    therapist: User,
    day: date,
    start: time | None = None,
    end: time | None = None,
) -> HoursException:
    """A day off (no times), or a period of a day that is unlike its weekday.

    Therapists write their own. Raises ValidationError (fields), FieldNotPermitted, FieldConflict
    where another exception of the day overlaps.
    """
    if not owns_agenda(acting_user, therapist):
        raise FieldNotPermitted("therapist")
    exception = HoursException(therapist=therapist, day=day, start=start, end=end)
    save_new(exception)
    return exception


def exception_update(
    *, acting_user: User | None, exception: HoursException, changes: Mapping[str, Any]
) -> HoursException:
    """Changes `day`, `start` or `end`. Raises like `exception_create`."""
    if not owns_agenda(acting_user, exception.therapist):
        raise FieldNotPermitted("therapist")
    save_changes(exception, changes)
    return exception


def exception_delete(*, acting_user: User | None, exception: HoursException) -> None:
    """The day is like its weekday again. Raises FieldNotPermitted."""
    if not owns_agenda(acting_user, exception.therapist):
        raise FieldNotPermitted("therapist")
    exception.delete()


def closure_create(*, first_day: date, last_day: date, reason: str) -> Closure:
    """Days on which the clinic is closed. What was booked there stays.

    Raises ValidationError (fields).
    """
    closure = Closure(first_day=first_day, last_day=last_day, reason=reason)
    save_new(closure)
    return closure


def closure_update(*, closure: Closure, changes: Mapping[str, Any]) -> Closure:
    """Changes any field. Raises like `closure_create`."""
    save_changes(closure, changes)
    return closure


def closure_delete(*, closure: Closure) -> None:
    """The clinic is open on these days."""
    closure.delete()
