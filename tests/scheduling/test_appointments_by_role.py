"""Appointments over HTTP, as each of the clinic's people."""

from tenants.context import ClinicRoute
from tests.people import Api, Everybody
from tests.scheduling.conftest import Body, Others, errors_of

URL = "/api/v1/appointments"


def test_reception_books_moves_and_calls_off(api: Api, people: Everybody, booking: Body) -> None:
    reception = api(people.norte.receptionist)
    made = reception.post(URL, booking(9))
    assert made.status_code == 201, made.json()
    assert made.json()["status"] == "scheduled"
    assert made.json()["patient_name"] == people.norte.record.name
    assert "notes" not in made.json()

    path = made["Location"]
    moved = reception.patch(path, {name: booking(11)[name] for name in ("start_time", "end_time")})
    assert moved.json()["start_time"] == "2026-03-02T08:00:00-03:00"
    assert reception.patch(path, {"status": "cancelled"}).json()["status"] == "cancelled"
    assert reception.post(URL, booking(11)).status_code == 201
    assert reception.delete(path).status_code == 403


def test_reception_neither_sees_nor_writes_notes(
    api: Api, people: Everybody, booking: Body
) -> None:
    reception = api(people.norte.receptionist)
    refused = reception.post(URL, booking(9, notes="Dor ao subir escada."))
    assert errors_of(refused) == {"/notes": "not_permitted"}

    made = api(people.norte.manager).post(URL, booking(9, notes="Dor ao subir escada."))
    assert made.json()["notes"] == "Dor ao subir escada."
    assert "notes" not in reception.get(made["Location"]).json()
    assert errors_of(reception.patch(made["Location"], {"notes": ""})) == {
        "/notes": "not_permitted"
    }


def test_a_therapist_works_in_their_own_agenda(api: Api, people: Everybody, booking: Body) -> None:
    therapist = api(people.norte.therapist)
    made = therapist.post(URL, booking(9, notes="Avaliação."))
    assert made.status_code == 201
    path = made["Location"]

    assert therapist.patch(path, {"status": "in_progress"}).json()["status"] == "in_progress"
    done = therapist.patch(path, {"status": "completed", "notes": "Evoluiu bem."}).json()
    assert (done["status"], done["notes"]) == ("completed", "Evoluiu bem.")
    assert therapist.delete(path).status_code == 403


def test_a_therapist_writes_nothing_for_colleagues_and_sees_none_of_it(
    api: Api, people: Everybody, booking: Body, others: Others
) -> None:
    therapist, manager = api(people.norte.therapist), api(people.norte.manager)
    made = therapist.post(URL, booking(9))
    theirs = manager.post(URL, booking(9, patient=others.record.pk, therapist=others.therapist.pk))

    foreign = therapist.post(URL, booking(13, therapist=others.therapist.pk))
    assert errors_of(foreign) == {"/therapist": "not_permitted"}
    away = therapist.patch(made["Location"], {"therapist": str(others.therapist.pk)})
    assert errors_of(away) == {"/therapist": "not_permitted"}
    unknown = therapist.post(URL, booking(13, patient=others.record.pk))
    assert errors_of(unknown) == {"/patient": "does_not_exist"}

    assert therapist.get(theirs["Location"]).status_code == 404
    assert therapist.patch(theirs["Location"], {"notes": "x"}).status_code == 404
    assert [a["id"] for a in therapist.get(URL).json()["results"]] == [made.json()["id"]]


def test_an_appointment_makes_a_patient_the_therapists_until_it_is_called_off(
    api: Api, people: Everybody, booking: Body, others: Others
) -> None:
    therapist, reception = api(people.norte.therapist), api(people.norte.receptionist)
    record = f"/api/v1/patients/{others.record.pk}"
    assert therapist.get(record).status_code == 404

    made = reception.post(URL, booking(9, patient=others.record.pk))
    assert therapist.get(record).status_code == 200
    assert len(therapist.get("/api/v1/patients").json()["results"]) == 2

    reception.patch(made["Location"], {"status": "cancelled"})
    assert therapist.get(record).status_code == 404


def test_a_patient_reads_their_own_appointments_without_notes(
    api: Api, people: Everybody, booking: Body, others: Others
) -> None:
    manager, patient = api(people.norte.manager), api(people.norte.patient)
    own = manager.post(URL, booking(9, notes="Avaliação."))
    other = manager.post(URL, booking(9, patient=others.record.pk, therapist=others.therapist.pk))
    (seen,) = patient.get(URL).json()["results"]

    assert seen["id"] == own.json()["id"]
    assert "notes" not in seen
    assert patient.get(other["Location"]).status_code == 404
    assert patient.post(URL, booking(11)).status_code == 403
    assert patient.patch(own["Location"], {"status": "cancelled"}).status_code == 403
    assert patient.delete(own["Location"]).status_code == 403


def test_the_owner_of_sul_sees_nothing_of_norte(api: Api, people: Everybody, booking: Body) -> None:
    made = api(people.norte.owner).post(URL, booking(9))
    outsider = api(people.sul.owner)

    assert outsider.get(URL).json()["results"] == []
    assert outsider.get(made["Location"]).status_code == 404
    assert outsider.patch(made["Location"], {"status": "cancelled"}).status_code == 404
    assert outsider.delete(made["Location"]).status_code == 404
    assert errors_of(outsider.post(URL, booking(9))) == {
        "/patient": "does_not_exist",
        "/therapist": "does_not_exist",
    }


def test_without_a_token_there_is_nothing(api: Api, norte: ClinicRoute) -> None:
    assert api(None).get(URL).status_code == 401
    assert api(None).post(URL, {}).status_code == 401


def test_a_therapist_learns_no_more_than_that_the_patient_is_busy(
    api: Api, people: Everybody, booking: Body, others: Others
) -> None:
    manager, therapist = api(people.norte.manager), api(people.norte.therapist)
    assert manager.post(URL, booking(9, therapist=others.therapist.pk)).status_code == 201

    refused = therapist.post(URL, booking(9))
    assert refused.status_code == 409
    (error,) = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/patient", "patient_busy")
    assert error["conflicts"] == []
