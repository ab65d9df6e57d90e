"""The days of a series, as a pure function."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, timedelta

HORIZON = timedelta(days=3 * 366)  # no series reaches further than this from its first day


@dataclass(frozen=True, slots=True)
class Plan:
    """The days of the sessions, and the days that were stepped over with the reason of each."""

    days: list[date] = field(default_factory=list)
    skipped: list[tuple[date, str]] = field(default_factory=list)


def plan_days(
    *,
    first_day: date,
    weekdays: Collection[int],
    count: int | None,
    until: date | None,
    closed: Callable[[date], str] | None,
    most: int,
) -> Plan:
    """`count` days on these weekdays, or all of them until a day (within).

    `closed` gives the reason why a day is stepped over, or nothing; without it
    none is. No more than `most` days and
    one are planned: one too many tells the caller that there would be.
    """
    plan = Plan()
    end = min(until or date.max, first_day + HORIZON)
    wanted = most + 1 if count is None else min(count, most + 1)
    day = first_day
    while day <= end and len(plan.days) < wanted:
        if day.weekday() in weekdays:
            if closed and (reason := closed(day)):
                plan.skipped.append((day, reason))
            else:
                plan.days.append(day)
        day += timedelta(days=1)
    return plan
