"""How well a patient follows their prescriptions, and how their pain develops. Pure functions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from statistics import fmean

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Prescribed:
    """A prescription: `days_per_week` from `start` up to but not including `until`."""

    start: date
    until: date | None
    days_per_week: int

    def covers(self, day: date) -> bool:
        """Whether it is in force on the day."""
        return self.start <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Done:
    """A log: its moment, and pain and effort from 0 to 10."""

    at: datetime
    pain: int
    effort: int


@dataclass(frozen=True, slots=True)
class Week:
    """A week, or the part of it in the span: `start` is its Monday or the span's first day."""

    start: date
    prescribed_days: int
    logged_days: int


@dataclass(frozen=True, slots=True)
class Day:
    """A day with logs: how many, and their mean pain and effort."""

    date: date
    logs: int
    pain: float
    effort: float


@dataclass(frozen=True, slots=True)
class Adherence:
    """Every week of the span, and the days in it that have logs."""

    weeks: list[Week]
    days: list[Day]


def adherence(
    prescriptions: Sequence[Prescribed],
    logs: Iterable[Done],
    first: date,
    last: date,
    zone: tzinfo,
) -> Adherence:
    """Compare what was prescribed with what was done from `first` to `last`, days of the zone.

    Both days are included. A full week asks for as many days as the most frequent prescription in
    force. If only part of a week is in force or in the span, each day of that part asks for a
    seventh of them; the sum is rounded.
    """
    by_day: defaultdict[date, list[Done]] = defaultdict(list)
    for log in logs:
        day = log.at.astimezone(zone).date()
        if first <= day <= last:
            by_day[day].append(log)

    weeks = [
        Week(
            start=days[0],
            prescribed_days=round(sum(_frequency(prescriptions, day) for day in days) / 7),
            logged_days=sum(day in by_day for day in days),
        )
        for days in _weeks(first, last)
    ]

    return Adherence(weeks, [_day(day, by_day[day]) for day in sorted(by_day)])


def _frequency(prescriptions: Sequence[Prescribed], day: date) -> int:
    return max((one.days_per_week for one in prescriptions if one.covers(day)), default=0)


def _weeks(first: date, last: date) -> Iterator[list[date]]:
    week: list[date] = []

    for number in range((last - first).days + 1):
        day = first + number * _DAY
        if week and day.weekday() == 0:
            yield week
            week = []
        week.append(day)

    if week:
        yield week


def _day(day: date, logs: Sequence[Done]) -> Day:
    return Day(
        date=day,
        logs=len(logs),
        pain=round(fmean(log.pain for log in logs), 2),
        effort=round(fmean(log.effort for log in logs), 2),
    )
