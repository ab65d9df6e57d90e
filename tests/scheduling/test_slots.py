"""Free slots as a function, for any hours, clock changes and appointments."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.clock import moment_of, period_of
from scheduling.slots import DayHours, Hours, Slot, free_slots

pytestmark = pytest.mark.without_database
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
# New York changes its clock at two, Lord Howe by half an hour; São Paulo did so at midnight.
ZONES = [ZoneInfo(name) for name in ("America/New_York", "Australia/Lord_Howe")] + [SAO_PAULO]
CHANGES = [date(2026, 3, 8), date(2026, 11, 1), date(2026, 4, 5), date(2018, 11, 4)]
MONDAY = date(2026, 3, 2)

clocks = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 50]))
spans = st.tuples(clocks, clocks).filter(lambda pair: pair[0] < pair[1])
days = st.sampled_from([*CHANGES, MONDAY]) | st.dates(date(2018, 1, 1), date(2027, 1, 1))


@st.composite
def agendas(draw: st.DrawFn) -> dict[str, Any]:
    """Arguments of `free_slots` for some days, often with a clock change."""
    zone = draw(st.sampled_from(ZONES))
    first = draw(days) - timedelta(days=draw(st.integers(0, 3)))
    last = first + timedelta(days=draw(st.integers(0, 6)))

    within = st.dates(first, last)
    moments = st.datetimes(
        datetime.combine(first, time.min), datetime.combine(last, time.max), timezones=st.just(UTC)
    )

    lengths = st.sampled_from([15, 30, 50, 60, 240]).map(lambda n: timedelta(minutes=n))
    weekly = st.builds(lambda day, span: Hours(day, *span), st.integers(0, 6), spans)
    special = st.builds(lambda day, span: DayHours(day, *span), within, spans) | st.builds(
        DayHours, within
    )
    taken = st.builds(lambda start, length: (start, start + length), moments, lengths)

    return {
        "hours": draw(st.lists(weekly, max_size=8)),
        "exceptions": draw(st.lists(special, max_size=3)),
        "closures": draw(st.lists(st.tuples(within, within), max_size=1)),
        "holidays": draw(st.sets(within, max_size=1)),
        "taken": draw(st.lists(taken, max_size=8)),
        "length": draw(lengths),
        "first": first,
        "last": last,
        "zone": zone,
        "step": draw(st.sampled_from([timedelta(minutes=15), timedelta(minutes=25)])),
    }


def works_at(agenda: dict[str, Any], moment: datetime) -> bool:
    """Whether the clock shows working time, computed the slow and obvious way."""
    local = moment.astimezone(agenda["zone"])
    day, clock = local.date(), local.time()

    if any(first <= day <= last for first, last in agenda["closures"]):
        return False
    own = [one for one in agenda["exceptions"] if one.day == day]
    if own:
        return any(one.start and one.start <= clock < one.end for one in own)

    if day in agenda["holidays"]:
        return False
    return any(h.hold_on(day) and h.start <= clock < h.end for h in agenda["hours"])


@given(agendas())
def test_a_slot_is_in_working_hours_and_overlaps_no_appointment(agenda: dict[str, Any]) -> None:
    for slot in free_slots(**agenda):
        start, end = slot.start.astimezone(UTC), slot.end.astimezone(UTC)
        assert end - start == agenda["length"]
        assert not any(begin < end and start < stop for begin, stop in agenda["taken"])
        minutes = range(0, int((end - start).total_seconds() // 60), 5)
        assert all(works_at(agenda, start + timedelta(minutes=minute)) for minute in minutes)
        assert works_at(agenda, end - timedelta(microseconds=1))


@given(agendas())
def test_slots_come_in_order_and_once(agenda: dict[str, Any]) -> None:
    starts = [slot.start.astimezone(UTC) for slot in free_slots(**agenda)]
    assert starts == sorted(set(starts))


@given(agendas())
def test_an_appointment_removes_the_slots_that_it_overlaps_and_no_others(
    agenda: dict[str, Any],
) -> None:
    empty = free_slots(**agenda | {"taken": []})

    left = [
        slot
        for slot in empty
        if not any(start < slot.end and slot.start < end for start, end in agenda["taken"])
    ]

    assert free_slots(**agenda) == left


@given(agendas())
def test_every_start_that_fits_is_there(agenda: dict[str, Any]) -> None:
    agenda |= {"taken": [], "exceptions": [], "closures": [], "holidays": set()}
    found = {slot.start.astimezone(UTC) for slot in free_slots(**agenda)}

    day = agenda["first"]
    while day <= agenda["last"]:
        for hours in agenda["hours"]:
            opens, closes = period_of(day, hours.start, hours.end, agenda["zone"])
            if hours.hold_on(day) and opens + agenda["length"] <= closes:
                assert opens in found
                last = (closes - agenda["length"] - opens) // agenda["step"]
                assert opens + last * agenda["step"] in found
        day += timedelta(days=1)


def of(day: date, zone: tzinfo = SAO_PAULO, **given: Any) -> list[str]:
    """The starts of one-hour slots on a day from nine to twelve, every half hour."""
    agenda: dict[str, Any] = {
        "hours": [Hours(number, time(9), time(12)) for number in range(7)],
        "exceptions": [],
        "closures": [],
        "holidays": [],
        "taken": [],
    }

    found: list[Slot] = free_slots(
        **agenda | given,
        length=timedelta(hours=1),
        first=day,
        last=day,
        zone=zone,
        step=timedelta(minutes=30),
    )

    return [f"{slot.start:%H:%M}" for slot in found]


def test_a_morning_of_slots() -> None:
    ten = datetime(2026, 3, 2, 10, tzinfo=SAO_PAULO)
    assert of(MONDAY) == ["09:00", "09:30", "10:00", "10:30", "11:00"]
    assert of(MONDAY, taken=[(ten, ten + timedelta(minutes=50))]) == ["09:00", "11:00"]


def test_holidays_and_closures_close_and_an_exception_opens_a_holiday() -> None:
    assert of(MONDAY, holidays=[MONDAY]) == []
    assert of(MONDAY, exceptions=[DayHours(MONDAY)]) == []
    duty = [DayHours(MONDAY, time(7), time(8))]
    assert of(MONDAY, holidays=[MONDAY], exceptions=duty) == ["07:00"]
    assert of(MONDAY, closures=[(MONDAY, MONDAY)], exceptions=duty) == []


def test_hours_hold_from_and_until_a_day() -> None:
    hours = [Hours(0, time(9), time(10), MONDAY, MONDAY)]
    assert of(MONDAY, hours=hours) == ["09:00"]
    assert of(MONDAY + timedelta(days=7), hours=hours) == []
    assert of(MONDAY - timedelta(days=7), hours=hours) == []


@pytest.mark.parametrize(
    ("day", "expected"),
    [(date(2026, 3, 8), 2), (date(2026, 11, 1), 4), (date(2026, 3, 9), 3)],
    ids=["the clock skips an hour", "an hour comes twice", "an ordinary day"],
)
def test_a_night_shift_is_as_long_as_it_is(day: date, expected: int) -> None:
    opens, closes = period_of(day, time(0, 30), time(3, 30), ZoneInfo("America/New_York"))
    assert closes - opens == timedelta(hours=expected)


def test_a_time_that_the_clock_skips_becomes_a_later_one() -> None:
    new_york = ZoneInfo("America/New_York")
    assert moment_of(date(2026, 3, 8), time(2, 30), new_york).hour == 3
    assert moment_of(date(2026, 11, 1), time(1, 30), new_york).utcoffset() == timedelta(hours=-4)
