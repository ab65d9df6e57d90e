"""New versions of prescriptions over HTTP."""

from datetime import date, timedelta

from django.utils import timezone

from exercises.models import Exercise, Prescription
from patients.models import Patient
from tenants.context import ClinicRoute, clinic_scope
from tests.exercises.conftest import Body, Others
from tests.people import Api, Everybody

URL = "/api/v1/prescriptions"
LOGS = "/api/v1/exercise-logs"


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


def test_a_version_keeps_what_it_is_not_given_even_a_deleted_exercise(
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


def test_a_version_of_a_future_prescription_starts_with_it(
    api: Api, people: Everybody, to_prescribe: Body
) -> None:
    therapist = api(people.norte.therapist)
    start = (timezone.localdate() + timedelta(days=7)).isoformat()
    made = therapist.post(URL, to_prescribe(start_date=start))
    renewed = therapist.post(made["Location"] + "/versions", {})
    assert renewed.json()["start_date"] == start
    assert therapist.get(made["Location"]).json()["closed_on"] == start
