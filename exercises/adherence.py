"""How a patient keeps to what was prescribed, and how their pain goes. Knows no database."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from statistics import fmean

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """A prescription: from its first day until just before `until`, so many days a week."""

    start: date
    until: date | None
    days_per_week: int

    def covers(self, day: date) -> bool:
        """Whether it is in force on the day."""
        return self.start <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Done:
    """One log: when, and pain and effort from 0 to 10."""

    at: datetime
    pain: int
    effort: int


@dataclass(frozen=True, slots=True)
class Week:
    """A week, or what of it was asked for: `start` is its Monday, or the first day asked for."""

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
    """Every week of the span, and the days of it that have logs."""

    weeks: list[Week]
    days: list[Day]


def adherence(
    plans: Sequence[Plan], logs: Iterable[Done], first: date, last: date, zone: tzinfo
) -> Adherence:
    """What was prescribed and done from `first` to `last`, both included, in the zone's days.

    A full week asks for the days of the most frequent plan in force; of a week that is in force or
    asked for in part, each day asks for a seventh of that, and the sum is rounded.
    """
    by_day: defaultdict[date, list[Done]] = defaultdict(list)
    for log in logs:
        day = log.at.astimezone(zone).date()
        if first <= day <= last:
            by_day[day].append(log)
    weeks = [
        Week(
            start=days[0],
            prescribed_days=round(sum(_frequency(plans, day) for day in days) / 7),
            logged_days=sum(day in by_day for day in days),
        )
        for days in _weeks(first, last)
    ]
    return Adherence(weeks, [_day(day, by_day[day]) for day in sorted(by_day)])


def _frequency(plans: Sequence[Plan], day: date) -> int:
    return max((plan.days_per_week for plan in plans if plan.covers(day)), default=0)


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
