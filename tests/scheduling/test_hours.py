"""Working hours, exceptions and closures, and the free slots between them."""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from core.constraints import constraint_of
from scheduling.closed_days import holiday_on
from scheduling.models import Closure, HoursException, WorkingHours
from scheduling.services import slots_of
from tenants.context import ClinicRoute, clinic_scope
from tenants.models import Clinic
from tests.people import Api, Everybody
from tests.scheduling.conftest import AnAppointment, Body, Others

HOURS, EXCEPTIONS = "/api/v1/working-hours", "/api/v1/working-hours/exceptions"
MONDAY = "2026-03-02"

Ask = Callable[..., Any]


@pytest.fixture
def hours(people: Everybody) -> Body:
    """The body of a therapist's hours: Mondays from eight to twelve."""

    def make(**fields: Any) -> dict[str, Any]:
        therapist = str(people.norte.therapist.pk)
        morning = {"weekday": 0, "start": "08:00", "end": "12:00"}
        return {"therapist": therapist} | morning | fields

    return make


def code_of(answer: Any) -> tuple[int, str, str]:
    (error,) = answer.json()["errors"]
    return answer.status_code, error.get("pointer", error.get("parameter")), error["code"]


def refusal(row: Any) -> str:
    """The constraint by which the database refuses the row, without any Python check."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic(using="shard_1"):
        type(row).objects.bulk_create([row])
    return str(constraint_of(refused.value))


def test_hours_of_one_weekday_do_not_overlap(api: Api, people: Everybody, hours: Body) -> None:
    reception = api(people.norte.receptionist)
    made = reception.post(HOURS, hours())
    assert made.status_code == 201, made.json()
    assert (made.json()["start"], made.json()["end"]) == ("08:00", "12:00")

    overlap = reception.post(HOURS, hours(start="11:00", end="13:00"))
    assert code_of(overlap) == (409, "/start", "hours_overlap")
    assert reception.post(HOURS, hours(start="12:00", end="18:00")).status_code == 201
    assert reception.post(HOURS, hours(weekday=1)).status_code == 201

    bounded = reception.patch(made["Location"], {"valid_until": "2026-06-30"})
    assert bounded.json()["valid_until"] == "2026-06-30"
    assert reception.post(HOURS, hours(valid_from="2026-07-01")).status_code == 201
    assert reception.delete(made["Location"]).status_code == 204


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"end": "08:00"}, "/end", "end_before_start"),
        ({"end": "24:00"}, "/end", "invalid"),
        ({"weekday": 7}, "/weekday", "max_value"),
        ({"weekday": True}, "/weekday", "invalid"),
        (
            {"valid_from": "2026-02-02", "valid_until": "2026-02-01"},
            "/valid_until",
            "end_before_start",
        ),
        ({"valid_from": "1999-01-01"}, "/valid_from", "out_of_range"),
    ],
)
def test_wrong_hours_are_refused_by_field(
    api: Api, people: Everybody, hours: Body, fields: Any, pointer: str, code: str
) -> None:
    assert code_of(api(people.norte.receptionist).post(HOURS, hours(**fields))) == (
        400,
        pointer,
        code,
    )


def test_only_therapists_have_hours(api: Api, people: Everybody, hours: Body) -> None:
    manager = people.norte.manager
    assert code_of(api(manager).post(HOURS, hours(therapist=str(manager.pk)))) == (
        400,
        "/therapist",
        "not_a_therapist",
    )


def test_a_therapist_takes_their_own_days_off(api: Api, people: Everybody) -> None:
    therapist = api(people.norte.therapist)
    own = {"therapist": str(people.norte.therapist.pk), "day": MONDAY}

    made = therapist.post(EXCEPTIONS, own)
    assert made.status_code == 201
    assert code_of(therapist.post(EXCEPTIONS, own | {"start": "07:00", "end": "08:00"})) == (
        409,
        "/start",
        "hours_overlap",
    )

    assert code_of(therapist.patch(made["Location"], {"start": "07:00"})) == (
        400,
        "/end",
        "both_or_none",
    )
    assert therapist.delete(made["Location"]).status_code == 204


def test_a_therapist_reads_the_days_off_of_colleagues_and_writes_none(
    api: Api, people: Everybody, others: Others
) -> None:
    therapist = api(people.norte.therapist)
    foreign = {"therapist": str(others.therapist.pk), "day": MONDAY}
    assert code_of(therapist.post(EXCEPTIONS, foreign))[2] == "not_permitted"

    theirs = api(people.norte.receptionist).post(EXCEPTIONS, foreign)
    assert therapist.get(theirs["Location"]).status_code == 200
    assert therapist.delete(theirs["Location"]).status_code == 404


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"weekday": 7}, "scheduling_workinghours_weekday_known"),
        ({"end": time(8)}, "scheduling_workinghours_ends_after_start"),
        ({"start": time(11)}, "scheduling_workinghours_no_overlap"),
    ],
)
def test_the_database_holds_the_rules_of_hours_on_its_own(
    in_norte: ClinicRoute, people: Everybody, fields: Any, constraint: str
) -> None:
    given = {"therapist": people.norte.therapist, "weekday": 0, "start": time(8), "end": time(12)}
    WorkingHours(**given).save()

    row = WorkingHours(**given | fields)
    assert refusal(row) == constraint
    with pytest.raises(ValidationError):
        row.full_clean()


def test_the_database_holds_the_rules_of_exceptions_and_closures_on_its_own(
    in_norte: ClinicRoute, people: Everybody
) -> None:
    day = {"therapist": people.norte.therapist, "day": date(2026, 3, 2)}
    prefix = "scheduling_hoursexception_"

    assert refusal(HoursException(**day, start=time(8))) == prefix + "both_or_none"
    HoursException(**day).save()
    twice = HoursException(**day, start=time(8), end=time(9))
    assert refusal(twice) == prefix + "no_overlap"

    backwards = Closure(first_day=date(2026, 3, 2), last_day=date(2026, 3, 1), reason="Obra")
    assert refusal(backwards) == "scheduling_closure_in_order"
    with pytest.raises(ValidationError):
        backwards.full_clean()


@pytest.fixture
def ask(api: Api, people: Everybody) -> Ask:
    """The one-hour slots of norte's therapist on that Monday, as the person sees them."""

    def get(person: User, **fields: Any) -> Any:
        therapist = str(people.norte.therapist.pk)
        query: dict[str, Any] = {"therapist": therapist, "from": MONDAY, "to": MONDAY}
        query |= {"length": 60}
        return api(person).get("/api/v1/slots", query | fields)

    return get


def test_slots_are_what_is_left_of_the_hours(
    api: Api,
    people: Everybody,
    hours: Body,
    ask: Ask,
    norte: ClinicRoute,
    an_appointment: AnAppointment,
) -> None:
    reception = people.norte.receptionist
    assert ask(reception).json() == {"slots": []}

    api(reception).post(HOURS, hours(end="11:00"))
    with clinic_scope(norte):
        an_appointment(12.25).save()  # 09:15 to 10:15 on the clinic's clock

    times = [slot["start_time"] for slot in ask(reception).json()["slots"]]
    assert times == ["2026-03-02T08:00:00-03:00", "2026-03-02T08:15:00-03:00"]
    assert ask(people.norte.patient).json() == ask(reception).json()

    closure = {"first_day": MONDAY, "last_day": MONDAY, "reason": "Obra"}
    assert api(reception).post("/api/v1/closures", closure).status_code == 201
    assert ask(reception).json() == {"slots": []}


def test_a_patient_asks_only_for_their_own_therapist(
    ask: Ask, people: Everybody, others: Others
) -> None:
    other = str(others.therapist.pk)

    assert ask(people.norte.receptionist, therapist=other).status_code == 200
    assert code_of(ask(people.norte.patient, therapist=other)) == (
        400,
        "therapist",
        "does_not_exist",
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"to": "2026-04-02"}, ("to", "too_many_days")),
        ({"to": "2026-03-01"}, ("to", "end_before_start")),
        ({"from": "1999-12-31"}, ("from", "out_of_range")),
        ({"length": "5"}, ("length", "min_value")),
        ({"length": "long"}, ("length", "invalid")),
        ({"step": "5"}, ("step", "unknown_field")),
        ({"from": "yesterday"}, ("from", "invalid")),
    ],
)
def test_a_wrong_question_is_refused_by_parameter(
    ask: Ask, people: Everybody, fields: Any, expected: Any
) -> None:
    assert code_of(ask(people.norte.receptionist, **fields))[1:] == expected


def test_the_clinics_state_has_holidays_of_its_own(norte: ClinicRoute, people: Everybody) -> None:
    revolution = date(2026, 7, 9)  # the day of the 1932 revolution: a holiday only in São Paulo
    assert holiday_on(revolution, "SP")
    assert not holiday_on(revolution, "")
    assert not holiday_on(revolution, "RJ")
    assert holiday_on(date(2026, 9, 7), "") == "Independência do Brasil"

    Clinic.objects.filter(schema_name="norte").update(state="SP")
    route = Clinic.objects.get(schema_name="norte").route
    asked: dict[str, Any] = {"first": revolution, "last": revolution, "length": timedelta(hours=1)}

    with clinic_scope(route):
        WorkingHours.objects.create(
            therapist=people.norte.therapist, weekday=3, start=time(8), end=time(9)
        )
        assert slots_of(therapist=people.norte.therapist, **asked) == []

    with clinic_scope(norte):
        assert len(slots_of(therapist=people.norte.therapist, **asked)) == 1


def test_the_directory_knows_the_states() -> None:
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Clinic.objects.filter(schema_name="norte").update(state="XX")
    assert constraint_of(refused.value) == "tenants_clinic_state_known"
