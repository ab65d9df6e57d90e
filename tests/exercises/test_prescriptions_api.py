"""Prescriptions over HTTP: written by therapists, read by their patients."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from exercises.models import Exercise, Prescription, PrescriptionItem
from patients.models import Patient
from tenants.context import ClinicRoute, clinic_scope
from tests.exercises.conftest import Body, Others, errors_of
from tests.people import Api, Everybody

URL = "/api/v1/prescriptions"
LOGS = "/api/v1/exercise-logs"


@pytest.fixture
def body(people: Everybody, bridge: Exercise, squat: Exercise) -> Body:
    """The body of a prescription of two exercises for norte's patient."""

    def make(**fields: Any) -> dict[str, Any]:
        items = [
            {"exercise": str(bridge.pk)},
            {"exercise": str(squat.pk), "sets": 2, "frequency_per_week": 7, "comment": "Devagar."},
        ]
        right = {"patient": str(people.norte.record.pk), "start_date": "2026-03-02"}
        return right | {"items": items} | fields

    return make


def days_from_today(days: int) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def test_a_therapist_prescribes_and_the_patient_reads_it(
    api: Api, people: Everybody, body: Body
) -> None:
    made = api(people.norte.therapist).post(URL, body(notes="Pare se doer.", end_date="2026-04-30"))
    assert made.status_code == 201, made.json()

    seen = api(people.norte.patient).get(made["Location"]).json()
    assert seen == made.json()
    assert (seen["status"], seen["version"], seen["replaces"]) == ("active", 1, None)
    assert seen["therapist_name"] == people.norte.therapist.full_name
    assert seen["therapist_crefito"] == people.norte.therapist.crefito

    first, second = seen["items"]
    assert first["exercise"]["name"] == "Ponte"
    assert first["exercise"]["instructions"] == "Eleve a bacia."
    assert (first["sets"], first["repetitions"], first["hold_seconds"]) == (3, 10, 5)
    assert (second["position"], second["sets"], second["comment"]) == (2, 2, "Devagar.")


def test_the_authors_name_stays_as_it_was(
    api: Api, people: Everybody, prescription: Prescription, norte: ClinicRoute
) -> None:
    with clinic_scope(norte):
        type(people.norte.therapist).objects.filter(pk=people.norte.therapist.pk).update(
            full_name="Nome de Casada", crefito="3/99999-F"
        )
    seen = api(people.norte.owner).get(f"{URL}/{prescription.pk}").json()
    assert (seen["therapist_name"], seen["therapist_crefito"]) == ("Therapist Norte", "3/12345-F")


def test_who_reads_and_who_writes(
    api: Api, people: Everybody, prescription: Prescription, body: Body, others: Others
) -> None:
    path = f"{URL}/{prescription.pk}"
    for role in ("owner", "manager"):
        admin = api(getattr(people.norte, role))
        assert admin.get(path).status_code == 200
        assert admin.post(URL, body()).status_code == 403
        assert admin.patch(path, {"notes": "x"}).status_code == 403

    reception = api(people.norte.receptionist)
    assert reception.get(URL).status_code == reception.get(path).status_code == 403

    colleague, neighbour = api(others.therapist), api(others.patient)
    for stranger in (colleague, neighbour):
        assert stranger.get(URL).json()["results"] == []
        assert stranger.get(path).status_code == 404
    assert colleague.patch(path, {"notes": "x"}).status_code == 404
    assert colleague.post(f"{path}/versions", {}).status_code == 404
    assert errors_of(colleague.post(URL, body())) == {"/patient": "does_not_exist"}

    patient = api(people.norte.patient)
    assert patient.patch(path, {"status": "completed"}).status_code == 403
    assert patient.post(f"{path}/versions", {}).status_code == 403

    outsider = api(people.sul.owner)
    assert outsider.get(path).status_code == 404
    assert outsider.get(URL).json()["results"] == []


def test_its_author_edits_it_until_the_patient_logs(
    api: Api,
    people: Everybody,
    prescription: Prescription,
    squat: Exercise,
    log_body: Body,
    norte: ClinicRoute,
) -> None:
    therapist, path = api(people.norte.therapist), f"{URL}/{prescription.pk}"
    seen_by_phone = therapist.get(path).json()["items"][0]["id"]
    edited = therapist.patch(
        path, {"notes": "Melhor assim.", "items": [{"exercise": str(squat.pk), "sets": 5}]}
    )

    assert edited.status_code == 200, edited.json()

    (item,) = edited.json()["items"]
    assert (item["exercise"]["name"], item["sets"]) == ("Agachamento", 5)

    # The phone was offline, and logs what it knows.
    logged = api(people.norte.patient).post(LOGS, log_body(item=seen_by_phone))
    assert logged.status_code == 201, logged.json()

    refused = therapist.patch(path, {"notes": "Outra vez."})
    assert (refused.status_code, refused.json()["code"]) == (409, "prescription_locked")
    assert therapist.patch(path, {"status": "suspended"}).json()["status"] == "suspended"
    with clinic_scope(norte):
        assert PrescriptionItem.objects.filter(prescription=prescription).count() == 2


def test_a_new_version_supersedes_the_old_one(
    api: Api,
    people: Everybody,
    prescription: Prescription,
    log_body: Body,
    squat: Exercise,
    today: date,
) -> None:
    therapist, patient = api(people.norte.therapist), api(people.norte.patient)
    path = f"{URL}/{prescription.pk}"
    assert patient.post(LOGS, log_body()).status_code == 201

    items = [{"exercise": str(squat.pk)}]
    made = therapist.post(f"{path}/versions", {"items": items, "notes": "Fase dois."})
    assert made.status_code == 201, made.json()

    new, old = made.json(), therapist.get(path).json()
    assert (new["version"], new["replaces"], new["status"]) == (2, old["id"], "active")
    assert new["start_date"] == today.isoformat()
    assert (old["status"], old["closed_on"]) == ("superseded", new["start_date"])

    again = therapist.post(f"{path}/versions", {"items": items})
    assert (again.status_code, again.json()["code"]) == (409, "prescription_superseded")
    assert therapist.patch(path, {"status": "completed"}).json()["code"] == "prescription_status"

    active = patient.get(URL, {"status": "active"}).json()["results"]
    assert [found["id"] for found in active] == [new["id"]]


def test_a_version_keeps_what_it_is_not_given_even_an_exercise_that_was_taken_out(
    api: Api, people: Everybody, prescription: Prescription, bridge: Exercise, today: date
) -> None:
    therapist = api(people.norte.therapist)
    assert therapist.delete(f"/api/v1/exercises/{bridge.pk}").status_code == 204

    suspended = therapist.patch(f"{URL}/{prescription.pk}", {"status": "suspended"}).json()
    made = therapist.post(f"{URL}/{prescription.pk}/versions", {})
    assert made.json()["items"][0]["exercise"]["name"] == "Ponte"

    old = therapist.get(f"{URL}/{prescription.pk}").json()
    assert (old["status"], old["closed_on"]) == ("superseded", suspended["closed_on"])

    completed = therapist.patch(made["Location"], {"status": "completed"})
    assert completed.json()["closed_on"] == today.isoformat()

    refused = therapist.post(made["Location"] + "/versions", {})
    assert refused.json()["code"] == "prescription_status"


def test_another_therapist_of_the_patient_makes_a_version_of_their_own(
    api: Api, people: Everybody, prescription: Prescription, others: Others, norte: ClinicRoute
) -> None:
    with clinic_scope(norte):
        Patient.objects.filter(pk=people.norte.record.pk).update(therapist=others.therapist)
    successor, path = api(others.therapist), f"{URL}/{prescription.pk}"
    assert successor.patch(path, {"notes": "x"}).json()["code"] == "prescription_locked"
    made = successor.post(f"{path}/versions", {"notes": "x"})
    assert made.json()["therapist"] == str(others.therapist.pk)


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        ("active", "suspended", 200),
        ("active", "completed", 200),
        ("active", "active", 200),
        ("suspended", "completed", 200),
        ("active", "superseded", 409),
        ("suspended", "active", 409),
        ("completed", "active", 409),
        ("completed", "suspended", 409),
    ],
)
def test_a_status_moves_along_the_table(
    api: Api,
    people: Everybody,
    prescription: Prescription,
    norte: ClinicRoute,
    before: str,
    after: str,
    status: int,
) -> None:
    with clinic_scope(norte):
        closed_on = None if before == "active" else timezone.localdate()
        rows = Prescription.objects.filter(pk=prescription.pk)
        rows.update(status=before, closed_on=closed_on)

    therapist = api(people.norte.therapist)
    assert therapist.patch(f"{URL}/{prescription.pk}", {"status": after}).status_code == status


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"end_date": "2026-03-01"}, {"/end_date": "end_before_start"}),
        ({"start_date": "1999-12-31"}, {"/start_date": "out_of_range"}),
        ({"end_date": "2100-01-01"}, {"/end_date": "out_of_range"}),
        ({"start_date": "02/03/2026"}, {"/start_date": "invalid"}),
        ({"notes": "x" * 2001}, {"/notes": "max_length"}),
        ({"items": []}, {"/items": "empty"}),
        ({"items": {}}, {"/items": "not_a_list"}),
        ({"therapist": "1"}, {"/therapist": "unknown_field"}),
        ({"status": "active"}, {"/status": "unknown_field"}),
    ],
)
def test_a_wrong_value_is_refused_by_field_and_code(
    api: Api, people: Everybody, body: Body, fields: Any, expected: dict[str, str]
) -> None:
    refused = api(people.norte.therapist).post(URL, body(**fields))
    assert refused.status_code == 400
    assert errors_of(refused) == expected


def test_a_wrong_item_is_refused_by_its_place(
    api: Api, people: Everybody, bridge: Exercise, body: Body, norte: ClinicRoute
) -> None:
    therapist, right = api(people.norte.therapist), {"exercise": str(bridge.pk)}
    wrong = [right, right | {"sets": 0, "comment": "x" * 501}, right | {"hold_seconds": 601}]
    assert errors_of(therapist.post(URL, body(items=wrong))) == {
        "/items/1/sets": "min_value",
        "/items/1/comment": "max_length",
        "/items/2/hold_seconds": "max_value",
    }

    made = therapist.post(URL, body())["Location"]
    nothing = {"items": [{"sets": 2}]}
    assert errors_of(therapist.patch(made, nothing)) == {"/items/0/exercise": "required"}

    versions = therapist.post(made + "/versions", nothing)
    assert errors_of(versions) == {"/items/0/exercise": "required"}
    assert errors_of(therapist.post(URL, body(items=[right] * 31))) == {"/items": "max_length"}

    with clinic_scope(norte):
        Exercise.objects.update(deleted_at=timezone.now())
        assert Prescription.objects.count() == 1

    gone = therapist.post(URL, body(items=[right]))
    assert errors_of(gone) == {"/items/0/exercise": "does_not_exist"}


def test_thirty_exercises_are_read_in_a_fixed_number_of_queries(
    api: Api,
    people: Everybody,
    bridge: Exercise,
    body: Body,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    therapist = api(people.norte.therapist)
    for _ in range(3):
        made = therapist.post(URL, body(items=[{"exercise": str(bridge.pk)}] * 30))
        assert made.status_code == 201

    with django_assert_max_num_queries(10, connection=connections["shard_1"]):
        listed = therapist.get(URL).json()["results"]
    assert [len(one["items"]) for one in listed] == [30, 30, 30]


def test_nobody_prescribes_to_a_deleted_patient(
    api: Api, people: Everybody, body: Body, norte: ClinicRoute, prescription: Prescription
) -> None:
    therapist = api(people.norte.therapist)
    with clinic_scope(norte):
        Patient.objects.filter(pk=people.norte.record.pk).update(deleted_at=timezone.now())
    assert errors_of(therapist.post(URL, body())) == {"/patient": "does_not_exist"}
    assert therapist.get(f"{URL}/{prescription.pk}").status_code == 404
    assert api(people.norte.patient).get(URL).json()["results"] == []
    assert len(api(people.norte.owner).get(URL).json()["results"]) == 1


def test_a_version_of_a_prescription_to_come_begins_with_it(
    api: Api, people: Everybody, body: Body
) -> None:
    therapist = api(people.norte.therapist)
    start = days_from_today(7)
    made = therapist.post(URL, body(start_date=start))
    renewed = therapist.post(made["Location"] + "/versions", {})
    assert renewed.json()["start_date"] == start
    assert therapist.get(made["Location"]).json()["closed_on"] == start
