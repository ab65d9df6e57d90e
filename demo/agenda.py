"""Plans a month of a clinic's agenda without a database; one seed and day give one plan."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from scheduling.states import Status

DAYS_BACK, DAYS_AHEAD = 14, 16
SESSION = timedelta(minutes=50)
_HOURS = (8, 9, 10, 11, 13, 14, 15, 16, 17)
_WEEKLY = ((0, 2), (1, 3), (4,))  # Monday and Wednesday, Tuesday and Thursday, Friday
_TAKEN = 0.42  # the share of a therapist's hours that are booked
_CANCELLED = 0.12  # the share of the sessions


@dataclass(frozen=True, slots=True)
class Visit:
    """One session: the indexes of its therapist and patient, its start, and its status now."""

    therapist: int
    patient: int
    start: datetime
    status: Status


def plan(rng: Random, caseloads: Sequence[Sequence[int]], now: datetime) -> Iterator[Visit]:
    """The sessions around `now`, in its time zone; `caseloads` lists each therapist's patients.

    Patients come at fixed hours of the week, and each has one therapist: nobody is in two places at
    once. Every therapist's first patient has an hour.
    """
    first = now.date() - timedelta(days=DAYS_BACK)
    days = [first + timedelta(days=n) for n in range(DAYS_BACK + DAYS_AHEAD + 1)]

    for therapist, patients in enumerate(caseloads):
        waiting = iter(patients)
        hours = [(weekdays, hour) for hour in _HOURS for weekdays in _WEEKLY]
        taken = [*hours[:1], *(slot for slot in hours[1:] if rng.random() < _TAKEN)]

        for (weekdays, hour), patient in zip(taken, waiting, strict=False):
            for day in days:
                if day.weekday() in weekdays:
                    start = _at(day, hour, now)
                    yield Visit(therapist, patient, start, _status(start, now, rng.random()))


def _at(day: date, hour: int, now: datetime) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=now.tzinfo or ZoneInfo("UTC"))


def _status(start: datetime, now: datetime, chance: float) -> Status:
    if chance < _CANCELLED:
        return Status.CANCELLED
    if start > now:
        return Status.SCHEDULED
    return Status.COMPLETED if start + SESSION <= now else Status.IN_PROGRESS
