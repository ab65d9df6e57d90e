"""Adherence is a pure function: these hold for whatever was prescribed and logged."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercises.adherence import Day, Done, Prescribed, Week, adherence

pytestmark = pytest.mark.without_database
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
MONDAY = date(2026, 3, 2)
ZONES = st.sampled_from(["America/Sao_Paulo", "Pacific/Kiritimati", "Europe/Lisbon", "UTC"])
DATES = st.dates(date(2018, 1, 1), date(2019, 12, 31))  # Brazil changed its clocks at midnight
MOMENTS = st.datetimes(datetime(2018, 1, 1), datetime(2019, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
SCORES = st.integers(0, 10)
LOGS = st.lists(st.builds(Done, MOMENTS, SCORES, SCORES), max_size=30)


@st.composite
def prescriptions(draw: st.DrawFn) -> Prescribed:
    start = draw(DATES)
    length = draw(st.none() | st.integers(-5, 200))
    until = None if length is None else start + timedelta(days=length)
    return Prescribed(start, until, draw(st.integers(0, 7)))


@st.composite
def spans(draw: st.DrawFn) -> tuple[date, date]:
    first = draw(DATES)
    return first, first + timedelta(days=draw(st.integers(0, 100)))


def done(day: date, hour: int = 12, pain: int = 0, effort: int = 0) -> Done:
    return Done(datetime(day.year, day.month, day.day, hour, tzinfo=SAO_PAULO), pain, effort)


@given(st.lists(prescriptions(), max_size=4), LOGS, spans(), ZONES)
def test_weeks_cover_the_span_and_count_days_at_most_once(
    prescribed: list[Prescribed], logs: list[Done], span: tuple[date, date], zone: str
) -> None:
    first, last = span
    report = adherence(prescribed, logs, first, last, ZoneInfo(zone))

    starts = [week.start for week in report.weeks]
    assert starts[0] == first
    assert all(start.weekday() == 0 for start in starts[1:])

    ends = [*starts[1:], last + timedelta(days=1)]
    for week, end in zip(report.weeks, ends, strict=True):
        days = (end - week.start).days
        assert 1 <= days <= 7
        assert 0 <= week.prescribed_days <= days
        assert 0 <= week.logged_days <= days

    assert sum(week.logged_days for week in report.weeks) == len(report.days)


@given(LOGS, spans(), ZONES)
def test_every_log_of_the_span_is_in_its_day_once_and_no_other(
    logs: list[Done], span: tuple[date, date], zone: str
) -> None:
    first, last = span
    report = adherence([], logs, first, last, ZoneInfo(zone))

    days = [log.at.astimezone(ZoneInfo(zone)).date() for log in logs]
    assert {day.date: day.logs for day in report.days} == {
        day: days.count(day) for day in days if first <= day <= last
    }
    assert [day.date for day in report.days] == sorted(day.date for day in report.days)

    for day in report.days:
        scores = [log.pain for log, of in zip(logs, days, strict=True) if of == day.date]
        assert min(scores) <= day.pain <= max(scores)


@given(st.permutations(range(6)), st.lists(prescriptions(), min_size=3, max_size=3), LOGS, spans())
def test_the_order_of_rows_does_not_matter(
    order: list[int], prescribed: list[Prescribed], logs: list[Done], span: tuple[date, date]
) -> None:
    shuffled = sorted(prescribed, key=lambda one: order[prescribed.index(one)])
    one = adherence(prescribed, logs, *span, SAO_PAULO)
    assert adherence(shuffled, logs[::-1], *span, SAO_PAULO) == one


@given(prescriptions(), st.lists(prescriptions(), max_size=3), spans())
def test_one_more_prescription_never_asks_for_less(
    more: Prescribed, prescribed: list[Prescribed], span: tuple[date, date]
) -> None:
    before = adherence(prescribed, [], *span, SAO_PAULO).weeks
    after = adherence([*prescribed, more], [], *span, SAO_PAULO).weeks
    for week, with_more in zip(before, after, strict=True):
        assert week.prescribed_days <= with_more.prescribed_days


@given(st.integers(1, 7), st.integers(1, 6))
def test_a_new_version_in_the_middle_of_a_week_changes_nothing_if_it_asks_for_the_same(
    days_per_week: int, weekday: int
) -> None:
    change = MONDAY + timedelta(days=weekday)
    versions = [Prescribed(MONDAY, change, days_per_week), Prescribed(change, None, days_per_week)]

    (week,) = adherence(versions, [], MONDAY, MONDAY + timedelta(days=6), SAO_PAULO).weeks
    assert week.prescribed_days == days_per_week


def test_the_zone_decides_what_a_day_is() -> None:
    late = [Done(datetime(2026, 3, 3, 2, 59, tzinfo=UTC), 4, 6)]  # 23:59 on Monday in São Paulo
    report = adherence([], late, MONDAY, MONDAY, SAO_PAULO)
    assert report.days == [Day(MONDAY, 1, 4.0, 6.0)]
    assert adherence([], late, MONDAY, MONDAY, ZoneInfo("UTC")).days == []


def test_a_fortnight_with_pain_going_down() -> None:
    prescribed = [Prescribed(MONDAY, MONDAY + timedelta(days=10), 3)]
    logs = [done(MONDAY, pain=7, effort=5), done(MONDAY, 18, pain=6, effort=6)]
    logs += [done(MONDAY + timedelta(days=2), pain=5), done(MONDAY + timedelta(days=8), pain=3)]

    report = adherence(prescribed, logs, MONDAY, MONDAY + timedelta(days=13), SAO_PAULO)
    second = MONDAY + timedelta(days=7)
    assert report.weeks == [Week(MONDAY, 3, 2), Week(second, 1, 1)]  # three days of seven: 9/7
    assert [(day.logs, day.pain) for day in report.days] == [(2, 6.5), (1, 5.0), (1, 3.0)]
