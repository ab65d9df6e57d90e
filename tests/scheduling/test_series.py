"""Series over HTTP and by service: previewed, booked, moved and called off."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from scheduling.models import Appointment, Closure, Series
from scheduling.services import appointment_book, appointment_update
from scheduling.states import Status
from tenants.context import ClinicRoute, clinic_scope
from tests.people import Api, Everybody
from tests.scheduling.conftest import Body, Others

URL = "/api/v1/series"
# A Monday of next year that no state's holiday follows for some weeks; today never matters.
MONDAY = date(timezone.now().year + 1, 7, 31)
MONDAY -= timedelta(days=MONDAY.weekday())


@pytest.fixture
def body(people: Everybody) -> Body:
    """Four sessions of norte's patient with norte's therapist, Mondays and Wednesdays at nine."""

    def make(**fields: Any) -> dict[str, Any]:
        return {
            "patient": str(people.norte.record.pk),
            "therapist": str(people.norte.therapist.pk),
            "first_day": str(MONDAY),
            "weekdays": [0, 2],
            "start": "09:00",
            "length": 50,
            "count": 4,
        } | fields

    return make


@pytest.fixture
def busy(norte: ClinicRoute, others: Others, people: Everybody) -> Appointment:
    """Somebody else's appointment with the therapist, on the first Wednesday at half past nine."""
    start = datetime.combine(MONDAY + timedelta(days=2), time(12, 30), tzinfo=UTC)

    with clinic_scope(norte):
        return appointment_book(
            acting_user=None,
            patient=others.record,
            therapist=people.norte.therapist,
            start_time=start,
            end_time=start + timedelta(hours=1),
        )


def starts(answer: Any, key: str = "appointments") -> list[str]:
    """When the sessions of an answer start: days since the first one, and the time."""
    found = [datetime.fromisoformat(one["start_time"]) for one in answer.json()[key]]
    return [f"{(one.date() - MONDAY).days} {one:%H:%M}" for one in found]


def test_reception_previews_then_books(
    api: Api, people: Everybody, body: Body, norte: ClinicRoute
) -> None:
    reception = api(people.norte.receptionist)
    preview = reception.post(f"{URL}/preview", body())
    assert preview.status_code == 200, preview.json()
    assert starts(preview, "sessions") == ["0 09:00", "2 09:00", "7 09:00", "9 09:00"]
    assert [session["conflicts"] for session in preview.json()["sessions"]] == [[]] * 4

    with clinic_scope(norte):
        assert not Series.objects.exists()

    made = reception.post(URL, body())
    assert made.status_code == 201, made.json()
    assert starts(made) == starts(preview, "sessions")
    assert [one["position"] for one in made.json()["appointments"]] == [1, 2, 3, 4]
    assert reception.get(made["Location"]).json() == made.json()["series"]

    listed = reception.get("/api/v1/appointments", {"series": made.json()["series"]["id"]})
    assert len(listed.json()["results"]) == 4


def test_all_or_nothing_or_skip_and_list(
    api: Api, people: Everybody, body: Body, busy: Appointment, norte: ClinicRoute
) -> None:
    reception = api(people.norte.receptionist)
    sessions = reception.post(f"{URL}/preview", body()).json()["sessions"]
    assert [len(one["conflicts"]) for one in sessions] == [0, 1, 0, 0]
    (conflict,) = sessions[1]["conflicts"]
    assert conflict["code"] == "therapist_busy"
    assert [one["id"] for one in conflict["conflicts"]] == [str(busy.pk)]

    refused = reception.post(URL, body())
    assert (refused.status_code, refused.json()["code"]) == (409, "series_conflict")
    (error,) = refused.json()["errors"]
    assert (error["pointer"], error["position"]) == ("/therapist", 2)

    with clinic_scope(norte):
        assert Appointment.objects.count() == 1
        assert not Series.objects.exists()

    made = reception.post(URL, body(on_conflict="skip"))
    assert made.status_code == 201
    assert starts(made) == ["0 09:00", "7 09:00", "9 09:00"]
    assert starts(made, "skipped") == ["2 09:00"]


def test_it_skips_days_on_which_the_clinic_is_closed(
    api: Api, people: Everybody, body: Body, norte: ClinicRoute
) -> None:
    with clinic_scope(norte):
        Closure.objects.create(
            first_day=MONDAY + timedelta(days=1), last_day=MONDAY + timedelta(days=3), reason="Obra"
        )

    reception = api(people.norte.receptionist)
    preview = reception.post(f"{URL}/preview", body())
    assert starts(preview, "sessions") == ["0 09:00", "7 09:00", "9 09:00", "14 09:00"]
    wednesday = MONDAY + timedelta(days=2)
    assert preview.json()["closed"] == [{"day": str(wednesday), "reason": "Obra"}]

    anyway = reception.post(f"{URL}/preview", body(skip_closed=False))
    assert starts(anyway, "sessions")[:2] == ["0 09:00", "2 09:00"]


def test_holidays_are_brazils_and_the_states(api: Api, people: Everybody, body: Body) -> None:
    reception, year = api(people.norte.receptionist), MONDAY.year
    christmas = body(first_day=f"{year}-12-20", weekdays=list(range(7)), count=10)
    closed = reception.post(f"{URL}/preview", christmas).json()["closed"]
    assert closed == [{"day": f"{year}-12-25", "reason": "Natal"}]


def book(api: Api, people: Everybody, body: Body, **fields: Any) -> tuple[Any, Any]:
    """The client of the reception, and the answer of the booked series."""
    reception = api(people.norte.receptionist)
    made = reception.post(URL, body(**fields))
    assert made.status_code == 201, made.json()
    return reception, made


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("this", ["0 09:00", "2 10:30", "7 09:00", "9 09:00"]),
        ("following", ["0 09:00", "2 10:30", "7 10:30", "9 10:30"]),
        ("all", ["0 10:30", "2 10:30", "7 10:30", "9 10:30"]),
    ],
)
def test_this_this_and_following_or_all_move(
    api: Api, people: Everybody, body: Body, scope: str, expected: list[str]
) -> None:
    reception, made = book(api, people, body)
    second = made.json()["appointments"][1]["id"]
    change = {"scope": scope, "start": "10:30"} | (
        {"appointment": second} if scope != "all" else {}
    )

    changed = reception.patch(made["Location"], change)
    assert changed.status_code == 200, changed.json()

    now = reception.get("/api/v1/appointments", {"series": made.json()["series"]["id"]}).json()
    times = [datetime.fromisoformat(one["start_time"]) for one in now["results"]]
    assert [f"{(one.date() - MONDAY).days} {one:%H:%M}" for one in times] == expected
    assert len(changed.json()["changed"]) == sum("10:30" in one for one in expected)

    rule = reception.get(made["Location"]).json()
    assert rule["start"] == ("10:30" if scope == "all" else "09:00")


def test_a_change_that_meets_others_changes_nothing(
    api: Api, people: Everybody, body: Body, busy: Appointment, norte: ClinicRoute
) -> None:
    reception, made = book(api, people, body, start="07:00")
    refused = reception.patch(made["Location"], {"scope": "all", "start": "09:00"})
    assert (refused.status_code, refused.json()["code"]) == (409, "series_conflict")
    assert [error["position"] for error in refused.json()["errors"]] == [2]

    with clinic_scope(norte):
        hours = Appointment.objects.exclude(pk=busy.pk).values_list("start_time__hour", flat=True)
        assert set(hours) == {7}


def test_only_scheduled_sessions_to_come_change(
    api: Api, people: Everybody, body: Body, norte: ClinicRoute
) -> None:
    reception, made = book(api, people, body)
    first, second, *_ = [one["id"] for one in made.json()["appointments"]]

    with clinic_scope(norte):
        past = timezone.now() - timedelta(days=3)
        Appointment.objects.filter(pk=first).update(
            start_time=past, end_time=past + timedelta(hours=1)
        )
        done = Appointment.objects.get(pk=second)
        appointment_update(acting_user=None, appointment=done, changes={"status": Status.COMPLETED})

    cancelled = reception.patch(made["Location"], {"scope": "all", "cancel": True})
    assert [one["position"] for one in cancelled.json()["changed"]] == [3, 4]

    with clinic_scope(norte):
        found = Appointment.objects.order_by("position").values_list("status", flat=True)
        assert list(found) == ["scheduled", "completed", "cancelled", "cancelled"]

    over = reception.patch(made["Location"], {"scope": "all", "start": "11:00"})
    assert (over.status_code, over.json()["code"]) == (409, "series_over")


def test_another_therapist_and_a_room_take_over(
    api: Api, people: Everybody, body: Body, others: Others, norte: ClinicRoute
) -> None:
    reception, made = book(api, people, body)
    room = reception.post("/api/v1/rooms", {"name": "Sala 1"}).json()["id"]
    change = {"scope": "all", "therapist": str(others.therapist.pk), "room": room}

    changed = reception.patch(made["Location"], change)
    assert {one["therapist"] for one in changed.json()["changed"]} == {str(others.therapist.pk)}
    assert {one["room"] for one in changed.json()["changed"]} == {room}

    left = reception.patch(made["Location"], {"scope": "all", "room": None})
    assert {one["room"] for one in left.json()["changed"]} == {None}


def test_a_therapist_has_series_only_in_their_own_agenda(
    api: Api, people: Everybody, body: Body, others: Others
) -> None:
    therapist = api(people.norte.therapist)
    made = therapist.post(URL, body())
    assert made.status_code == 201

    foreign = therapist.post(URL, body(therapist=str(others.therapist.pk)))
    assert foreign.json()["errors"][0]["code"] == "not_permitted"

    away = {"scope": "all", "therapist": str(others.therapist.pk)}
    assert therapist.patch(made["Location"], away).status_code == 400
    assert api(others.therapist).get(made["Location"]).status_code == 404
    assert therapist.patch(made["Location"], {"scope": "all", "cancel": True}).status_code == 200


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"count": None}, "/count", "count_or_until"),
        ({"until": str(MONDAY)}, "/count", "count_or_until"),
        ({"count": 61}, "/count", "max_value"),
        ({"count": "4"}, "/count", "invalid"),
        ({"count": None, "until": str(MONDAY + timedelta(days=365))}, "/until", "out_of_range"),
        ({"count": None, "until": "2001-01-01"}, "/until", "end_before_start"),
        ({"weekdays": []}, "/weekdays", "min_length"),
        ({"weekdays": [7]}, "/weekdays/0", "max_value"),
        ({"start": "9:00"}, "/start", "invalid"),
        ({"length": 10}, "/length", "min_value"),
        ({"group": True}, "/group", "room_required"),
        ({"first_day": "1999-12-31"}, "/first_day", "out_of_range"),
    ],
)
def test_a_wrong_rule_is_refused_by_field(
    api: Api, people: Everybody, body: Body, fields: Any, pointer: str, code: str
) -> None:
    refused = api(people.norte.receptionist).post(URL, body(**fields))
    assert refused.status_code == 400, refused.json()
    found = {error["pointer"]: error["code"] for error in refused.json()["errors"]}
    assert found.get(pointer) == code, found


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"scope": "this", "start": "10:00"}, "scope_mismatch"),
        ({"scope": "all"}, "cancel_or_move"),
        ({"scope": "all", "cancel": True, "start": "10:00"}, "cancel_or_move"),
        ({"scope": "every", "cancel": True}, "invalid_choice"),
    ],
)
def test_a_wrong_change_is_refused(
    api: Api, people: Everybody, body: Body, change: Any, code: str
) -> None:
    reception, made = book(api, people, body)
    refused = reception.patch(made["Location"], change)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, code)
