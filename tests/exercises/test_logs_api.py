"""A patient's logs over HTTP: sent once or twice, stored once, never changed."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from core.ids import uuid7
from exercises.models import Exercise, ExerciseLog, Prescription
from tenants.context import ClinicRoute, clinic_scope
from tests.exercises.conftest import Body, Others, errors_of
from tests.people import Api, Everybody

URL = "/api/v1/exercise-logs"


def test_a_patient_logs_and_their_therapist_reads(
    api: Api, people: Everybody, log_body: Body, prescription: Prescription, others: Others
) -> None:
    patient, body = api(people.norte.patient), log_body(comment="Doeu no fim.")
    made = patient.post(URL, body)
    assert made.status_code == 201, made.json()
    assert made["Location"] == f"{URL}/{body['id']}"

    log = made.json()
    assert (log["id"], log["prescription"]) == (body["id"], str(prescription.pk))

    for reader in ("patient", "therapist", "manager", "owner"):
        client = api(getattr(people.norte, reader))
        assert client.get(made["Location"]).json() == log
        assert client.get(URL).json()["results"] == [log]

    assert api(people.norte.receptionist).get(URL).status_code == 403

    for stranger in (others.therapist, others.patient, people.sul.owner):
        assert api(stranger).get(URL).json()["results"] == []
        assert api(stranger).get(made["Location"]).status_code == 404


def test_only_the_patient_logs_and_only_what_was_prescribed_to_them(
    api: Api, people: Everybody, log_body: Body, others: Others
) -> None:
    for role in ("owner", "manager", "therapist", "receptionist"):
        client = api(getattr(people.norte, role))
        assert client.post(URL, log_body()).status_code == 403
        assert client.post(URL + "/batch", [log_body()]).status_code == 403
    neighbour = api(others.patient)
    assert errors_of(neighbour.post(URL, log_body())) == {"/item": "does_not_exist"}


def test_a_phone_sends_a_log_twice_and_it_is_stored_once(
    api: Api, people: Everybody, log_body: Body, norte: ClinicRoute
) -> None:
    patient, body = api(people.norte.patient), log_body()
    first, again = patient.post(URL, body), patient.post(URL, body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()

    other_offset = datetime.fromisoformat(body["done_at"]).astimezone().isoformat()
    assert patient.post(URL, body | {"done_at": other_offset}).status_code == 200

    for change in ({"pain": 3}, {"comment": "x"}, {"sets": 4}):
        refused = patient.post(URL, body | change)
        assert (refused.status_code, refused.json()["code"]) == (409, "log_differs")

    with clinic_scope(norte):
        assert ExerciseLog.objects.count() == 1


def test_an_id_that_another_patient_used_is_taken_too(
    api: Api, people: Everybody, log_body: Body, others: Others, bridge: Exercise, today: date
) -> None:
    body = log_body()
    assert api(people.norte.patient).post(URL, body).status_code == 201

    prescribed = api(others.therapist).post(
        "/api/v1/prescriptions",
        {
            "patient": str(others.record.pk),
            "start_date": today.isoformat(),
            "items": [{"exercise": str(bridge.pk)}],
        },
    )
    mine = {"item": prescribed.json()["items"][0]["id"], "done_at": timezone.now().isoformat()}

    refused = api(others.patient).post(URL, body | mine)
    assert (refused.status_code, refused.json()["code"]) == (409, "log_differs")
    assert "pain" not in refused.content.decode()


def test_logs_are_not_changed_or_deleted(api: Api, people: Everybody, log_body: Body) -> None:
    patient = api(people.norte.patient)
    path = patient.post(URL, log_body())["Location"]
    assert patient.patch(path, {"pain": 0}).status_code == 405
    assert patient.delete(path).status_code == 405


def test_a_batch_is_written_whole_or_not_at_all(
    api: Api, people: Everybody, log_body: Body, norte: ClinicRoute
) -> None:
    patient = api(people.norte.patient)
    bodies = [log_body(pain=pain) for pain in (5, 4, 3)]
    wrong = [*bodies, log_body(pain=11), log_body(done_at="2020-01-01T12:00:00Z")]

    assert errors_of(patient.post(URL + "/batch", wrong)) == {
        "/3/pain": "max_value",
        "/4/done_at": "before_start",
    }
    assert patient.post(URL, bodies[0]).status_code == 201

    sent = patient.post(URL + "/batch", [*bodies, bodies[2]])
    assert sent.status_code == 200, sent.json()
    assert [log["pain"] for log in sent.json()] == [5, 4, 3, 3]

    differs = patient.post(URL + "/batch", [log_body(), bodies[1] | {"pain": 0}])
    assert (differs.status_code, differs.json()["code"]) == (409, "log_differs")
    assert [error["id"] for error in differs.json()["errors"]] == [bodies[1]["id"]]

    with clinic_scope(norte):
        assert ExerciseLog.objects.count() == 3


def test_a_batch_is_a_list_of_up_to_1000_logs(api: Api, people: Everybody, log_body: Body) -> None:
    patient = api(people.norte.patient)
    for no_batch in ([], log_body(), [log_body()] * 1001):
        assert errors_of(patient.post(URL + "/batch", no_batch)) == {"": "not_a_batch"}


def test_of_two_logs_of_one_id_in_a_batch_that_differ_neither_is_written(
    api: Api, people: Everybody, log_body: Body, norte: ClinicRoute
) -> None:
    body = log_body()

    refused = api(people.norte.patient).post(URL + "/batch", [body, body | {"effort": 9}])
    assert refused.json()["code"] == "log_differs"
    with clinic_scope(norte):
        assert not ExerciseLog.objects.exists()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"id": "1"}, {"/id": "invalid"}),
        ({"item": str(uuid7())}, {"/item": "does_not_exist"}),
        ({"pain": -1}, {"/pain": "min_value"}),
        ({"pain": 11}, {"/pain": "max_value"}),
        ({"pain": None}, {"/pain": "null"}),
        ({"effort": 11}, {"/effort": "max_value"}),
        ({"effort": "4"}, {"/effort": "invalid"}),
        ({"sets": 0}, {"/sets": "min_value"}),
        ({"repetitions": 1001}, {"/repetitions": "max_value"}),
        ({"comment": "x" * 501}, {"/comment": "max_length"}),
        ({"comment": "\0"}, {"/comment": "null_characters_not_allowed"}),
        ({"done_at": "2026-03-02T09:00:00"}, {"/done_at": "invalid"}),
        ({"done_at": "0001-01-01T00:00:00Z"}, {"/done_at": "overflow"}),
        ({"patient": str(uuid7())}, {"/patient": "read_only"}),
        ({"done": True}, {"/done": "unknown_field"}),
    ],
)
def test_a_wrong_value_is_refused_by_field_and_code(
    api: Api, people: Everybody, log_body: Body, fields: Any, expected: dict[str, str]
) -> None:
    refused = api(people.norte.patient).post(URL, log_body(**fields))
    assert refused.status_code == 400
    assert errors_of(refused) == expected


def test_a_phones_clock_may_be_five_minutes_ahead(
    api: Api, people: Everybody, log_body: Body
) -> None:
    patient, now = api(people.norte.patient), timezone.now()
    soon = (now + timedelta(minutes=4)).isoformat()
    assert patient.post(URL, log_body(done_at=soon)).status_code == 201

    refused = patient.post(URL, log_body(done_at=(now + timedelta(minutes=6)).isoformat()))
    assert errors_of(refused) == {"/done_at": "in_future"}


def test_the_first_day_begins_at_midnight_in_the_clinic(
    api: Api, people: Everybody, log_body: Body, prescription: Prescription, norte: ClinicRoute
) -> None:
    patient = api(people.norte.patient)
    with clinic_scope(norte):
        zone = timezone.get_current_timezone()
    midnight = datetime.combine(prescription.start_date, time.min, zone)
    before = midnight - timedelta(seconds=1)

    refused = patient.post(URL, log_body(done_at=before.isoformat()))
    assert errors_of(refused) == {"/done_at": "before_start"}
    assert patient.post(URL, log_body(done_at=midnight.isoformat())).status_code == 201


def test_logs_are_found_by_patient_prescription_and_time(
    api: Api, people: Everybody, log_body: Body, prescription: Prescription
) -> None:
    patient, therapist = api(people.norte.patient), api(people.norte.therapist)
    now = timezone.now()
    for hours in (1, 25, 49):
        done_at = (now - timedelta(hours=hours)).isoformat()
        patient.post(URL, log_body(done_at=done_at, pain=hours % 10))

    def pains(**query: Any) -> list[int]:
        return [log["pain"] for log in therapist.get(URL, query).json()["results"]]

    assert pains() == [1, 5, 9]
    assert pains(ordering="done_at", limit=1) == [9]

    day_ago = (now - timedelta(hours=24)).isoformat()
    assert pains(**{"from": day_ago}) == [1]
    assert pains(to=day_ago) == [5, 9]
    assert pains(prescription=str(prescription.pk)) == [1, 5, 9]
    assert pains(patient=str(people.norte.record.pk)) == [1, 5, 9]
    assert pains(patient=str(uuid7())) == []
