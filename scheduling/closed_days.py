"""Days on which the clinic is closed: national and state holidays, and its own closures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

import holidays

from scheduling.models import Closure
from tenants.context import current_clinic


@dataclass(frozen=True, slots=True)
class ClosedDays:
    """The closed days of one clinic; each closure is its first day, last day and reason."""

    closures: list[tuple[date, date, str]]
    state: str

    def reason(self, day: date) -> str:
        """Why the clinic is closed on this day; empty when it is open."""
        own = (reason for first, last, reason in self.closures if first <= day <= last)
        return next(own, "") or holiday_on(day, self.state)

    def holiday(self, day: date) -> str:
        """The name of the day's holiday; empty when it is none."""
        return holiday_on(day, self.state)


def closed_days(first: date, last: date) -> ClosedDays:
    """The current clinic's closed days, with the closures between the two days."""
    found = Closure.objects.filter(first_day__lte=last, last_day__gte=first).order_by("first_day")
    rows = list(found.values_list("first_day", "last_day", "reason"))
    return ClosedDays(rows, current_clinic().state)


def holiday_on(day: date, state: str) -> str:
    """The holiday's name in Portuguese, or an empty text. Without a state, only national ones."""
    return _calendar(state, day.year).get(day, "")


@cache
def _calendar(state: str, year: int) -> Mapping[date, str]:
    """A copy of one year: the package's own calendars grow while any thread reads them."""
    return dict(holidays.country_holidays("BR", subdiv=state or None, years=year, language="pt_BR"))
