"""A therapist's free slots, as a pure function of hours, days off and appointments."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from scheduling.clock import period_of

STEP = timedelta(minutes=15)  # between the starts of slots


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours on one weekday (0 is Monday), optionally from and until a day, both included."""

    weekday: int
    start: time
    end: time
    valid_from: date | None = None
    valid_until: date | None = None

    def hold_on(self, day: date) -> bool:
        """Whether these hours apply on this day."""
        return (
            day.weekday() == self.weekday
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_until is None or day <= self.valid_until)
        )


@dataclass(frozen=True, slots=True)
class DayHours:
    """A day that differs from its weekday; off when it has no times."""

    day: date
    start: time | None = None
    end: time | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """Free from `start` up to but not including `end`, in the clinic's time zone."""

    start: datetime
    end: datetime


def free_slots(
    *,
    hours: Iterable[Hours],
    exceptions: Iterable[DayHours],
    closures: Collection[tuple[date, date]],
    holidays: Collection[date],
    taken: Iterable[tuple[datetime, datetime]],
    length: timedelta,
    first: date,
    last: date,
    zone: tzinfo,
    step: timedelta = STEP,
) -> list[Slot]:
    """Find every slot of `length` from `first` to `last` (days of `zone`, both included), in order.

    Slots start at the beginning of each working period and every `step` after it; they may overlap
    each other, but nothing in `taken`. A closure wins over everything. An exception wins over the
    weekday's hours and over a holiday, because whoever entered it means to work that day.
    """
    weekly, special = list(hours), list(exceptions)
    busy = sorted((start.astimezone(UTC), end.astimezone(UTC)) for start, end in taken)

    starts: set[datetime] = set()
    for day in _days(first, last):
        if any(begin <= day <= end for begin, end in closures):
            continue
        for start, end in _periods(day, weekly, special, holidays):
            opens, closes = period_of(day, start, end, zone)
            near = [one for one in busy if one[0] < closes and opens < one[1]]
            starts.update(_starts(opens, closes, length, step, near))

    # Sorted in UTC: in a zone, the two moments of a repeated hour compare as equal.
    return [Slot(s.astimezone(zone), (s + length).astimezone(zone)) for s in sorted(starts)]


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _periods(
    day: date, hours: list[Hours], exceptions: list[DayHours], holidays: Collection[date]
) -> list[tuple[time, time]]:
    own = [exception for exception in exceptions if exception.day == day]
    if own:
        return [(one.start, one.end) for one in own if one.start and one.end]
    if day in holidays:
        return []
    return [(one.start, one.end) for one in hours if one.hold_on(day)]


def _starts(
    opens: datetime,
    closes: datetime,
    length: timedelta,
    step: timedelta,
    busy: Sequence[tuple[datetime, datetime]],
) -> Iterator[datetime]:
    begin = opens

    while begin + length <= closes:
        if not any(start < begin + length and begin < end for start, end in busy):
            yield begin
        begin += step
