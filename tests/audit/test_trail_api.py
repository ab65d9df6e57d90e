"""The trail over HTTP, for the owner and the auditor only."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from audit.events.services import event_record
from audit.models import Event, EventKind
from audit.trail.access import READERS
from core.actor import acting_as_job
from patients.models import Patient
from scheduling.models import Room
from tenants.context import ClinicRoute, clinic_scope
from tests.people import Api, Everybody

URL = "/api/v1/audit"
FIELDS = {
    *("id", "timestamp", "table", "record_id", "patient", "kind", "action", "changed_fields"),
    *("old_values", "new_values", "details", "user", "reason", "ip_address"),
    *("user_agent", "request_id", "tenant"),
}


def results(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.json()
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def codes(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400, answer.content
    return {error["parameter"]: error["code"] for error in answer.json()["errors"]}


def test_the_auditor_finds_who_changed_a_phone_and_from_where(
    api: Api, people: Everybody, norte: ClinicRoute
) -> None:
    record = people.norte.record
    reception = api(people.norte.receptionist)

    answer = reception.patch(
        f"/api/v1/patients/{record.pk}",
        {"phone": "+5511900000000"},
        headers={"X-Request-ID": "the-call-at-nine", "User-Agent": "Balcão/1.0"},
    )

    assert answer.status_code == 200
    entry = results(api(people.norte.auditor).get(URL, {"record": str(record.pk)}))[0]
    assert set(entry) == FIELDS
    assert entry["action"] == "UPDATE"
    assert entry["table"] == "patients_patient"
    assert (entry["record_id"], entry["patient"]) == (str(record.pk), str(record.pk))
    assert entry["old_values"]["phone"] == record.phone
    assert entry["new_values"]["phone"] == "+5511900000000"
    assert set(entry["changed_fields"]) == {"phone", "updated_at"}

    receptionist = people.norte.receptionist
    assert entry["user"] == {"id": str(receptionist.pk), "label": "Receptionist Norte"}
    assert (entry["request_id"], entry["ip_address"]) == ("the-call-at-nine", "127.0.0.1")
    assert entry["tenant"] == str(norte.clinic_id)
    assert entry["timestamp"].endswith("-03:00")

    by_request = results(api(people.norte.owner).get(URL, {"request": "the-call-at-nine"}))
    assert entry in by_request


def test_pages_follow_each_other_while_the_trail_grows(
    api: Api, people: Everybody, in_norte: ClinicRoute
) -> None:
    for number in range(5):
        Room.objects.create(name=f"Sala {number}", capacity=1)
    auditor, names = api(people.norte.auditor), []
    query = {"table": "scheduling_room", "limit": "2"}

    while True:
        page = auditor.get(URL, query).json()
        names += [entry["new_values"]["name"] for entry in page["results"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
        Room.objects.create(name=f"Nova {len(names)}", capacity=1)

    assert names == [f"Sala {number}" for number in (4, 3, 2, 1, 0)]


def test_a_day_is_the_clinics_day(api: Api, people: Everybody, in_norte: ClinicRoute) -> None:
    room = Room.objects.create(name="Pilates", capacity=1)
    today = timezone.localdate()
    auditor, of_room = api(people.norte.auditor), {"record": str(room.pk)}
    tomorrow = str(today + timedelta(days=1))
    yesterday = str(today - timedelta(days=1))

    for query, count in (
        ({"from": str(today), "to": str(today)}, 1),
        ({"from": f"{today}T00:00:00-03:00", "to": f"{tomorrow}T00:00:00-03:00"}, 1),
        ({"from": tomorrow}, 0),
        ({"to": yesterday}, 0),
        ({"to": "9999-12-31"}, 1),
        ({"to": f"{today}T00:00:00-03:00"}, 0),
    ):
        assert len(results(auditor.get(URL, of_room | query))) == count, query


def test_a_misspelt_filter_is_refused(api: Api, people: Everybody) -> None:
    auditor = api(people.norte.auditor)

    for query, refused in (
        ({"usr": str(uuid4())}, {"usr": "unknown_parameter"}),
        ({"user": "therapist"}, {"user": "invalid"}),
        ({"record": ""}, {"record": "blank"}),
        ({"kind": "updated"}, {"kind": "invalid_choice"}),
        ({"table": "auth_group"}, {"table": "invalid_choice"}),
        ({"from": "yesterday"}, {"from": "invalid"}),
        ({"from": "2026-03-02T09:00:00"}, {"from": "invalid"}),
        ({"to": "2026-02-30"}, {"to": "invalid"}),
        ({"request": "a b"}, {"request": "invalid"}),
        ({"ordering": "timestamp"}, {"ordering": "unknown_parameter"}),
        ({"limit": "201"}, {"limit": "out_of_range"}),
        ({"cursor": "nonsense"}, {"cursor": "invalid_cursor"}),
    ):
        assert codes(auditor.get(URL, query)) == refused, query


def test_a_cursor_belongs_to_its_list(api: Api, people: Everybody, in_norte: ClinicRoute) -> None:
    for number, cpf in enumerate(("11144477735", "39053344705")):
        name = f"Bia {number}"
        Patient.objects.create(name=name, phone="+5511987654321", cpf=cpf, birth_date="1990-01-01")
    owner = api(people.norte.owner)
    of_patients = owner.get("/api/v1/patients", {"limit": "1"}).json()["next_cursor"]
    of_trail = owner.get(URL, {"limit": "1"}).json()["next_cursor"]

    for path, cursor in ((URL, of_patients), ("/api/v1/patients", of_trail)):
        assert codes(owner.get(path, {"cursor": cursor})) == {"cursor": "invalid_cursor"}


def test_sul_reads_nothing_of_norte(api: Api, people: Everybody, norte: ClinicRoute) -> None:
    with clinic_scope(norte):
        room = Room.objects.create(name="Só do norte", capacity=1)
        event_record(kind=EventKind.PRINTED, record_id=str(room.pk))
    owner = api(people.sul.owner)
    assert results(owner.get(URL, {"record": str(room.pk)})) == []
    assert "Norte" not in owner.get(URL).content.decode()


@pytest.mark.parametrize("role", ["manager", "therapist", "receptionist", "patient"])
def test_other_roles_neither_read_nor_export_it(
    api: Api, people: Everybody, in_norte: ClinicRoute, role: str
) -> None:
    client = api(getattr(people.norte, role))
    for path in (URL, f"{URL}/export?format=csv"):
        assert client.get(path).status_code == 403
    assert not Event.objects.filter(kind=EventKind.EXPORTED).exists()


@pytest.fixture
def no_readers() -> Iterator[None]:
    """No app has registered the roles that read the trail."""
    registered = set(READERS)
    READERS.clear()
    yield
    READERS.update(registered)


def test_without_registered_roles_nobody_reads_it(
    no_readers: None, api: Api, people: Everybody
) -> None:
    for person in (people.norte.owner, people.norte.auditor):
        assert api(person).get(URL).status_code == 403


def test_an_event_of_a_job_has_no_account_and_no_action(
    api: Api, people: Everybody, in_norte: ClinicRoute
) -> None:
    with acting_as_job("reminders", reason="nightly"):
        event_record(kind=EventKind.PRINTED, details={"count": 2})

    (entry,) = results(api(people.norte.auditor).get(URL, {"kind": "printed"}))

    assert entry["user"] == {"id": None, "label": "job:reminders"}
    assert (entry["action"], entry["kind"]) == (None, "printed")
    assert (entry["details"], entry["reason"]) == ({"count": 2}, "nightly")
