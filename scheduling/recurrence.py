"""The days of a series, as a pure function."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, timedelta

HORIZON = timedelta(days=3 * 366)  # the longest span of a series, from its first day


@dataclass(frozen=True, slots=True)
class SeriesDays:
    """The days of the sessions, and the days that were skipped, each with its reason."""

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
) -> SeriesDays:
    """Plan `count` days on these weekdays, or all of them up to and including `until`.

    `closed` returns the reason to skip a day, or an empty text; without it no day is skipped. At
    most `most` + 1 days are planned: the extra one shows the caller that there would be more.
    """
    found = SeriesDays()
    end = min(until or date.max, first_day + HORIZON)
    wanted = most + 1 if count is None else min(count, most + 1)

    day = first_day
    while day <= end and len(found.days) < wanted:
        if day.weekday() in weekdays:
            if closed and (reason := closed(day)):
                found.skipped.append((day, reason))
            else:
                found.days.append(day)
        day += timedelta(days=1)

    return found
