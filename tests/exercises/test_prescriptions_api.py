"""Prescriptions over HTTP: written by therapists, read by their patients."""

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


def test_a_therapist_prescribes_and_the_patient_reads_it(
    api: Api, people: Everybody, to_prescribe: Body
) -> None:
    made = api(people.norte.therapist).post(
        URL, to_prescribe(notes="Pare se doer.", end_date="2026-04-30")
    )
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


def test_owner_and_managers_read_and_only_therapists_write(
    api: Api, people: Everybody, prescription: Prescription, to_prescribe: Body
) -> None:
    path = f"{URL}/{prescription.pk}"
    for role in ("owner", "manager"):
        admin = api(getattr(people.norte, role))
        assert admin.get(path).status_code == 200
        assert admin.post(URL, to_prescribe()).status_code == 403
        assert admin.patch(path, {"notes": "x"}).status_code == 403

    reception = api(people.norte.receptionist)
    assert reception.get(URL).status_code == reception.get(path).status_code == 403

    patient = api(people.norte.patient)
    assert patient.patch(path, {"status": "completed"}).status_code == 403
    assert patient.post(f"{path}/versions", {}).status_code == 403


def test_other_therapists_patients_and_clinics_see_nothing(
    api: Api, people: Everybody, prescription: Prescription, to_prescribe: Body, others: Others
) -> None:
    path = f"{URL}/{prescription.pk}"
    colleague, neighbour = api(others.therapist), api(others.patient)
    for stranger in (colleague, neighbour):
        assert stranger.get(URL).json()["results"] == []
        assert stranger.get(path).status_code == 404

    assert colleague.patch(path, {"notes": "x"}).status_code == 404
    assert colleague.post(f"{path}/versions", {}).status_code == 404
    assert errors_of(colleague.post(URL, to_prescribe())) == {"/patient": "does_not_exist"}

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

    # The phone was offline and logs the item that it knows.
    logged = api(people.norte.patient).post(LOGS, log_body(item=seen_by_phone))
    assert logged.status_code == 201, logged.json()

    refused = therapist.patch(path, {"notes": "Outra vez."})
    assert (refused.status_code, refused.json()["code"]) == (409, "prescription_locked")
    assert therapist.patch(path, {"status": "suspended"}).json()["status"] == "suspended"

    with clinic_scope(norte):
        assert PrescriptionItem.objects.filter(prescription=prescription).count() == 2


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
    api: Api, people: Everybody, to_prescribe: Body, fields: Any, expected: dict[str, str]
) -> None:
    refused = api(people.norte.therapist).post(URL, to_prescribe(**fields))
    assert refused.status_code == 400
    assert errors_of(refused) == expected


def test_a_wrong_item_is_refused_by_its_place(
    api: Api, people: Everybody, bridge: Exercise, to_prescribe: Body, norte: ClinicRoute
) -> None:
    therapist, right = api(people.norte.therapist), {"exercise": str(bridge.pk)}
    wrong = [right, right | {"sets": 0, "comment": "x" * 501}, right | {"hold_seconds": 601}]
    assert errors_of(therapist.post(URL, to_prescribe(items=wrong))) == {
        "/items/1/sets": "min_value",
        "/items/1/comment": "max_length",
        "/items/2/hold_seconds": "max_value",
    }

    made = therapist.post(URL, to_prescribe())["Location"]
    nothing = {"items": [{"sets": 2}]}
    assert errors_of(therapist.patch(made, nothing)) == {"/items/0/exercise": "required"}
    versions = therapist.post(made + "/versions", nothing)
    assert errors_of(versions) == {"/items/0/exercise": "required"}
    assert errors_of(therapist.post(URL, to_prescribe(items=[right] * 31))) == {
        "/items": "max_length"
    }

    with clinic_scope(norte):
        Exercise.objects.update(deleted_at=timezone.now())
        assert Prescription.objects.count() == 1

    gone = therapist.post(URL, to_prescribe(items=[right]))
    assert errors_of(gone) == {"/items/0/exercise": "does_not_exist"}


def test_thirty_exercises_are_read_in_a_fixed_number_of_queries(
    api: Api,
    people: Everybody,
    bridge: Exercise,
    to_prescribe: Body,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    therapist = api(people.norte.therapist)
    for _ in range(3):
        made = therapist.post(URL, to_prescribe(items=[{"exercise": str(bridge.pk)}] * 30))
        assert made.status_code == 201

    with django_assert_max_num_queries(10, connection=connections["shard_1"]):
        listed = therapist.get(URL).json()["results"]
    assert [len(one["items"]) for one in listed] == [30, 30, 30]


def test_nobody_prescribes_to_a_deleted_patient(
    api: Api, people: Everybody, to_prescribe: Body, norte: ClinicRoute, prescription: Prescription
) -> None:
    therapist = api(people.norte.therapist)
    with clinic_scope(norte):
        Patient.objects.filter(pk=people.norte.record.pk).update(deleted_at=timezone.now())

    assert errors_of(therapist.post(URL, to_prescribe())) == {"/patient": "does_not_exist"}
    assert therapist.get(f"{URL}/{prescription.pk}").status_code == 404
    assert api(people.norte.patient).get(URL).json()["results"] == []
    assert len(api(people.norte.owner).get(URL).json()["results"]) == 1
