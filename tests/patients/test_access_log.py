"""Who saw my record: for the patient, the clinic's owner and its auditor."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from audit.events.services import chart_view_record, event_record
from audit.models import Event, EventKind
from core.actor import Actor, acting
from patients.models import Patient
from patients.services import patient_delete
from tenants.context import ClinicRoute, clinic_scope
from tests.people import Api, Everybody


@pytest.fixture
def log(people: Everybody) -> str:
    return f"/api/v1/patients/{people.norte.record.pk}/access-log"


@pytest.fixture
def prints(people: Everybody) -> str:
    return f"/api/v1/patients/{people.norte.record.pk}/prints"


def test_the_patient_reads_who_saw_their_chart_newest_first(
    api: Api, people: Everybody, log: str, prints: str, in_norte: ClinicRoute
) -> None:
    norte = people.norte
    path = log.removesuffix("/access-log")
    api(norte.therapist).get(path)
    api(norte.receptionist).get("/api/v1/patients")
    api(norte.patient).get(path)
    api(norte.therapist).post(prints, {"table": "patients_clinicalnote"})

    with acting(Actor(label="job:report")):
        event_record(kind=EventKind.EXPORTED, patient_id=norte.record.pk)
    rows = api(norte.patient).get(log).json()["results"]

    assert [(row["kind"], row["who"], row["role"]) for row in rows] == [
        ("exported", "job:report", None),
        ("printed", "Therapist Norte", "therapist"),
        ("chart_viewed", "Patient Norte", "patient"),
        ("chart_viewed", "Receptionist Norte", "receptionist"),
        ("chart_viewed", "Therapist Norte", "therapist"),
    ]
    for row in rows:
        assert set(row) == {"occurred_at", "kind", "who", "role"}
        assert abs(datetime.fromisoformat(row["occurred_at"]) - timezone.now()) < timedelta(hours=1)


def test_the_name_is_the_one_at_that_time_and_support_is_marked(
    api: Api, people: Everybody, log: str, in_norte: ClinicRoute
) -> None:
    record, owner = people.norte.record, people.norte.owner

    with acting(Actor(user_id=str(owner.pk), label="support: Root as Owner Norte")):
        chart_view_record(patient_ids=[record.pk])

    api(owner).get(log.removesuffix("/access-log"))
    User.objects.filter(pk=owner.pk).update(full_name="Outro Nome")
    rows = api(owner).get(log).json()["results"]

    assert [(row["who"], row["role"]) for row in rows] == [
        ("Owner Norte", "owner"),
        ("support: Root as Owner Norte", None),
    ]


def test_reading_the_log_is_no_view_of_the_chart(
    api: Api, people: Everybody, log: str, in_norte: ClinicRoute
) -> None:
    for person in (people.norte.owner, people.norte.auditor, people.norte.patient):
        assert api(person).get(log).json() == {"results": [], "next_cursor": None}


def test_nobody_else_reads_it(api: Api, people: Everybody, log: str, in_norte: ClinicRoute) -> None:
    for role in ("manager", "therapist", "receptionist"):
        assert api(getattr(people.norte, role)).get(log).status_code == 403
    assert api(people.sul.owner).get(log).status_code == 404
    assert api(None).get(log).status_code == 401


def test_a_patient_reads_only_their_own(api: Api, people: Everybody, in_norte: ClinicRoute) -> None:
    other = Patient.objects.create(
        name="Outra Pessoa", phone="+5511987654321", cpf="11144477735", birth_date="1980-01-01"
    )
    path = f"/api/v1/patients/{other.pk}/access-log"
    assert api(people.norte.patient).get(path).status_code == 404
    assert api(people.norte.owner).get(path).status_code == 200


def test_the_log_of_a_chart_that_was_deleted_is_still_read(
    api: Api, people: Everybody, log: str, in_norte: ClinicRoute
) -> None:
    patient_delete(acting_user=None, patient=Patient.objects.get(pk=people.norte.record.pk))
    for person in (people.norte.owner, people.norte.auditor):
        assert api(person).get(log).status_code == 200


def test_it_comes_in_pages(api: Api, people: Everybody, log: str, in_norte: ClinicRoute) -> None:
    for n in range(5):
        with acting(Actor(label=f"job:{n}")):
            chart_view_record(patient_ids=[people.norte.record.pk])
    owner, read, query = api(people.norte.owner), [], {"limit": "2"}

    for _ in range(3):
        page = owner.get(log, query).json()
        read += [row["who"] for row in page["results"]]
        query["cursor"] = page["next_cursor"]

    assert read == [f"job:{n}" for n in (4, 3, 2, 1, 0)]
    assert page["next_cursor"] is None
    assert owner.get(log, {"kind": "printed"}).status_code == 400  # there is no such parameter


# --- Prints ------------------------------------------------------------------------------------


def test_a_print_is_recorded_with_what_was_printed(
    api: Api, people: Everybody, prints: str, in_norte: ClinicRoute
) -> None:
    record = people.norte.record
    printed = {"table": "patients_patient", "record_id": str(record.pk)}
    assert api(people.norte.therapist).post(prints, printed).status_code == 204
    (event,) = Event.objects.filter(patient_id=record.pk)
    assert (event.kind, event.actor_label) == (EventKind.PRINTED, "Therapist Norte")
    assert (event.table_name, event.record_id) == ("patients_patient", str(record.pk))


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/table"),
        ({"table": "accounts_user"}, "/table"),
        ({"table": "patients_patient", "record_id": "all"}, "/record_id"),
        ({"table": "patients_patient", "text": "Lombalgia."}, "/text"),
    ],
)
def test_a_print_names_a_table_and_a_record_and_nothing_else(
    body: dict[str, Any],
    pointer: str,
    api: Api,
    people: Everybody,
    prints: str,
    norte: ClinicRoute,
) -> None:
    refused = api(people.norte.owner).post(prints, body)

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == pointer

    with clinic_scope(norte):
        assert not Event.objects.filter(kind=EventKind.PRINTED).exists()


def test_a_record_of_another_chart_cant_be_printed_from_this_one(
    api: Api, people: Everybody, prints: str, in_norte: ClinicRoute
) -> None:
    other = Patient.objects.create(
        name="Outra Pessoa", phone="+5511987654321", cpf="11144477735", birth_date="1980-01-01"
    )
    body = {"table": "patients_patient", "record_id": str(other.pk)}
    refused = api(people.norte.owner).post(prints, body)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "does_not_exist")
