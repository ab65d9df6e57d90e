"""The days of a series, as a function."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.recurrence import plan_days

pytestmark = pytest.mark.without_database


@given(
    st.sets(st.integers(0, 6), min_size=1),
    st.integers(1, 60),
    st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    st.sets(st.integers(0, 30)),
)
def test_a_plan_has_as_many_open_days_as_were_asked_for(
    weekdays: set[int], count: int, first: date, shut: set[int]
) -> None:
    closed = {first + timedelta(days=number) for number in shut}

    plan = plan_days(
        first_day=first,
        weekdays=weekdays,
        count=count,
        until=None,
        closed=lambda day: "closed" if day in closed else "",
        most=60,
    )
    assert len(plan.days) == count
    assert plan.days == sorted(set(plan.days))

    both = sorted(plan.days + [day for day, _ in plan.skipped])
    assert {day.weekday() for day in both} <= weekdays
    assert not closed & set(plan.days)

    span = (plan.days[-1] - first).days + 1
    every = [first + timedelta(days=n) for n in range(span)]
    assert [day for day in every if day.weekday() in weekdays] == both
