"""Appointments over HTTP: conflicts, moves of the status, wrong values, and the list."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from patients.models import Patient
from scheduling.models import Appointment
from scheduling.states import Status
from tenants.context import ClinicRoute, clinic_scope
from tests.people import Api, Everybody
from tests.scheduling.conftest import AnAppointment, Body, Others, errors_of

URL = "/api/v1/appointments"


def test_a_conflict_names_who_is_busy_and_with_what(
    api: Api, people: Everybody, booking: Body, others: Others
) -> None:
    reception = api(people.norte.receptionist)
    made = reception.post(URL, booking(9))

    refused = reception.post(URL, booking(9.5, patient=others.record.pk))
    assert refused.status_code == 409
    problem = refused.json()
    assert problem["code"] == "appointment_conflict"

    (error,) = problem["errors"]
    assert (error["pointer"], error["code"]) == ("/therapist", "therapist_busy")
    (conflict,) = error["conflicts"]
    assert conflict == {name: made.json()[name] for name in ("id", "start_time", "end_time")}
    assert people.norte.record.name not in refused.content.decode()


def test_moving_into_anothers_time_is_a_conflict_too(
    api: Api, people: Everybody, booking: Body
) -> None:
    reception = api(people.norte.receptionist)
    reception.post(URL, booking(9))
    later = reception.post(URL, booking(11))

    refused = reception.patch(
        later["Location"], {name: booking(9.5)[name] for name in ("start_time", "end_time")}
    )
    assert refused.status_code == 409
    assert errors_of(refused) == {"/therapist": "therapist_busy", "/patient": "patient_busy"}
    assert reception.get(later["Location"]).json() == later.json()


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        ("scheduled", "in_progress", 200),
        ("scheduled", "completed", 200),
        ("scheduled", "cancelled", 200),
        ("in_progress", "completed", 200),
        ("in_progress", "cancelled", 200),
        ("in_progress", "scheduled", 409),
        ("completed", "scheduled", 409),
        ("completed", "cancelled", 409),
        ("cancelled", "scheduled", 409),
        ("cancelled", "completed", 409),
        ("cancelled", "cancelled", 200),
    ],
)
def test_a_status_moves_along_the_table(
    api: Api,
    people: Everybody,
    norte: ClinicRoute,
    an_appointment: AnAppointment,
    start: str,
    end: str,
    status: int,
) -> None:
    with clinic_scope(norte):
        appointment = an_appointment(9, status=start)
        appointment.save()

    answer = api(people.norte.manager).patch(f"{URL}/{appointment.pk}", {"status": end})
    assert answer.status_code == status
    if status == 409:
        assert answer.json()["code"] == "invalid_transition"


@pytest.mark.parametrize("status", ["in_progress", "completed", "cancelled"])
def test_a_visit_that_began_or_was_called_off_keeps_its_time(
    api: Api,
    people: Everybody,
    norte: ClinicRoute,
    an_appointment: AnAppointment,
    booking: Body,
    status: str,
) -> None:
    with clinic_scope(norte):
        appointment = an_appointment(9, status=status)
        appointment.save()

    manager, path = api(people.norte.manager), f"{URL}/{appointment.pk}"
    moved = manager.patch(path, {name: booking(13)[name] for name in ("start_time", "end_time")})
    assert moved.json()["code"] == "invalid_transition"
    assert manager.patch(path, {"notes": "Faltou."}).json()["notes"] == "Faltou."


def test_the_patient_of_an_appointment_stays(
    api: Api, people: Everybody, booking: Body, others: Others
) -> None:
    manager = api(people.norte.manager)
    made = manager.post(URL, booking(9))

    refused = manager.patch(made["Location"], {"patient": str(others.record.pk)})
    assert errors_of(refused) == {"/patient": "read_only"}
    assert errors_of(manager.post(URL, booking(11, status="completed"))) == {"/status": "read_only"}


def test_nobody_books_a_deleted_patient_or_a_therapist_who_left(
    api: Api, people: Everybody, norte: ClinicRoute, booking: Body, others: Others
) -> None:
    reception = api(people.norte.receptionist)
    with clinic_scope(norte):
        Patient.objects.filter(pk=others.record.pk).update(deleted_at=timezone.now())
        User.objects.filter(pk=others.therapist.pk).update(is_active=False)

    gone = reception.post(URL, booking(9, patient=others.record.pk))
    assert errors_of(gone) == {"/patient": "does_not_exist"}
    left = reception.post(URL, booking(9, therapist=others.therapist.pk))
    assert (left.status_code, errors_of(left)) == (400, {"/therapist": "inactive"})
    manager = reception.post(URL, booking(9, therapist=people.norte.manager.pk))
    assert errors_of(manager) == {"/therapist": "not_a_therapist"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"end_time": "2026-03-02T09:00:00Z"}, {"/end_time": "end_before_start"}),
        ({"end_time": "2026-03-02T09:14:59Z"}, {"/end_time": "duration"}),
        ({"end_time": "2026-03-02T13:00:01Z"}, {"/end_time": "duration"}),
        ({"start_time": "2026-03-02T09:00:00"}, {"/start_time": "invalid"}),
        ({"start_time": "2026-02-30T09:00:00Z"}, {"/start_time": "invalid"}),
        ({"start_time": "0001-01-01T00:00:00+14:00"}, {"/start_time": "overflow"}),
        ({"start_time": "1999-01-01T00:00:00Z"}, {"/start_time": "out_of_range"}),
        ({"notes": "x" * 2001}, {"/notes": "max_length"}),
        ({"patient": "1"}, {"/patient": "invalid"}),
        ({"colour": "1"}, {"/colour": "unknown_field"}),
    ],
)
def test_a_wrong_value_is_refused_by_field_and_code(
    api: Api, people: Everybody, booking: Body, fields: Any, expected: Any
) -> None:
    refused = api(people.norte.manager).post(URL, booking(9) | fields)
    assert refused.status_code == 400
    assert errors_of(refused) == expected


def test_an_agenda_is_a_span_of_time_and_a_person(
    api: Api, people: Everybody, booking: Body, others: Others
) -> None:
    manager = api(people.norte.manager)
    for hour in (9, 10, 11):
        manager.post(URL, booking(hour))
    manager.post(URL, booking(10, patient=others.record.pk, therapist=others.therapist.pk))

    def starts(**query: Any) -> list[str]:
        results = manager.get(URL, query).json()["results"]
        return [appointment["start_time"][11:16] for appointment in results]

    assert starts() == ["06:00", "07:00", "07:00", "08:00"]
    assert starts(ordering="-start_time", limit=1) == ["08:00"]

    span = {"from": "2026-03-02T10:00:00Z", "to": "2026-03-02T11:00:00Z"}
    assert starts(**span) == ["07:00", "07:00"]
    assert starts(**span, therapist=str(others.therapist.pk)) == ["07:00"]
    assert starts(patient=str(others.record.pk)) == ["07:00"]
    assert starts(q="outro") == ["07:00"]
    assert starts(q="52998224725") == ["06:00", "07:00", "08:00"]
    assert starts(status="cancelled") == []

    assert errors_of(manager.get(URL, {"from": "yesterday"})) == {"from": "invalid"}
    assert errors_of(manager.get(URL, {"status": "missed"})) == {"status": "invalid_choice"}


def test_deleting_takes_it_out_and_keeps_the_row(
    api: Api, people: Everybody, norte: ClinicRoute, booking: Body
) -> None:
    manager = api(people.norte.manager)
    path = manager.post(URL, booking(9))["Location"]

    assert manager.delete(path).status_code == 204
    assert manager.get(path).status_code == 404
    assert manager.patch(path, {"notes": ""}).status_code == 404
    assert manager.post(URL, booking(9)).status_code == 201

    with clinic_scope(norte):
        assert Appointment.objects.count() == 2
        assert Appointment.objects.filter(status=Status.SCHEDULED).alive().count() == 1
