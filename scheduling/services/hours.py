"""Writes to working hours and their exceptions."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from accounts.models import User
from core.records import save_changes, save_new
from scheduling.access import refuse_foreign_agenda, refuse_setup
from scheduling.models import HoursException, WorkingHours


def hours_create(
    *,
    acting_user: User | None,
    therapist: User,
    weekday: int,
    start: time,
    end: time,
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> WorkingHours:
    """Add weekly hours.

    Raises SetupNotPermitted, ValidationError (fields), FieldConflict where others overlap.
    """
    refuse_setup(acting_user)
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


def hours_update(
    *, acting_user: User | None, hours: WorkingHours, changes: Mapping[str, Any]
) -> WorkingHours:
    """Change anything but the therapist. Raises what `hours_create` raises."""
    refuse_setup(acting_user)
    save_changes(hours, changes)
    return hours


def hours_delete(*, acting_user: User | None, hours: WorkingHours) -> None:
    """Delete weekly hours. Appointments booked in them stay. Raises SetupNotPermitted."""
    refuse_setup(acting_user)
    hours.delete()


def exception_create(
    *,
    acting_user: User | None,
    therapist: User,
    day: date,
    start: time | None = None,
    end: time | None = None,
) -> HoursException:
    """Add a day off (no times), or a period of a day that differs from its weekday.

    Therapists write their own. Raises ValidationError (fields), NotPermitted, FieldNotPermitted,
    and FieldConflict where another exception of the day overlaps.
    """
    refuse_foreign_agenda(acting_user, therapist)
    exception = HoursException(therapist=therapist, day=day, start=start, end=end)
    save_new(exception)
    return exception


def exception_update(
    *, acting_user: User | None, exception: HoursException, changes: Mapping[str, Any]
) -> HoursException:
    """Change `day`, `start` or `end`. Raises what `exception_create` raises."""
    refuse_foreign_agenda(acting_user, exception.therapist)
    save_changes(exception, changes)
    return exception


def exception_delete(*, acting_user: User | None, exception: HoursException) -> None:
    """Delete an exception; the weekday counts again. Raises NotPermitted or FieldNotPermitted."""
    refuse_foreign_agenda(acting_user, exception.therapist)
    exception.delete()
