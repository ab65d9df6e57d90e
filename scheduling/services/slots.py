"""A therapist's free slots, read from the agenda."""

from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

from accounts.models import User
from scheduling.closed_days import closed_days
from scheduling.models import Appointment, HoursException, WorkingHours
from scheduling.slots import DayHours, Hours, Slot, free_slots


def slots_of(*, therapist: User, first: date, last: date, length: timedelta) -> list[Slot]:
    """The therapist's free slots from `first` to `last`, days of the clinic, both included."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    closed = closed_days(first, last)

    # One more day on either side covers every zone; what doesn't overlap takes no slot.
    start = datetime.combine(first, time.min, tzinfo=UTC) - timedelta(days=1)
    end = datetime.combine(last, time.max, tzinfo=UTC) + timedelta(days=1)
    taken = Appointment.objects.taking_time().filter(therapist=therapist).within(start, end)
    weekly = WorkingHours.objects.filter(therapist=therapist)
    special = HoursException.objects.filter(therapist=therapist, day__gte=first, day__lte=last)

    return free_slots(
        hours=[
            Hours(row.weekday, row.start, row.end, row.valid_from, row.valid_until)
            for row in weekly
        ],
        exceptions=[DayHours(row.day, row.start, row.end) for row in special],
        closures=[(begin, end) for begin, end, _ in closed.closures],
        holidays={day for day in days if closed.holiday(day)},
        taken=taken.values_list("start_time", "end_time"),
        length=length,
        first=first,
        last=last,
        zone=timezone.get_current_timezone(),
    )
