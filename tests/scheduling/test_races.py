"""Races: when several want the same time, exactly one gets it, and the others learn why."""

from datetime import date, time
from functools import partial

from django.db import Error

from patients.models import Patient
from patients.services import patient_delete
from scheduling.errors import PatientNotBookable, SeriesConflict
from scheduling.models import Appointment, Room
from scheduling.services import appointment_book, series_book
from tenants.context import clinic_scope
from tests.people import Api, FreshClinic, InThreads
from tests.racing import race
from tests.scheduling.conftest import At

URL = "/api/v1/appointments"
RACERS = 8


def test_of_requests_for_one_slot_exactly_one_wins(api: Api, fresh_clinic: FreshClinic) -> None:
    people = fresh_clinic.people
    body = {
        "patient": str(people.record.pk),
        "therapist": str(people.therapist.pk),
        "start_time": "2026-03-02T09:00:00-03:00",
        "end_time": "2026-03-02T10:00:00-03:00",
    }
    clients = [api(people.receptionist) for _ in range(RACERS)]

    answers = race([partial(client.post, URL, body) for client in clients])
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (RACERS - 1)

    won = next(answer.json() for answer in answers if answer.status_code == 201)
    for refused in (answer.json() for answer in answers if answer.status_code == 409):
        assert refused["code"] == "appointment_conflict"
        assert {error["code"] for error in refused["errors"]} == {"therapist_busy", "patient_busy"}
        assert all(e["conflicts"][0]["id"] == won["id"] for e in refused["errors"])

    with clinic_scope(fresh_clinic.route):
        assert Appointment.objects.count() == 1


def test_the_database_lets_one_win_on_its_own(fresh_clinic: FreshClinic, at: At) -> None:
    people = fresh_clinic.people

    def write() -> bool:
        """By a script that bypasses the services."""
        with clinic_scope(fresh_clinic.route):
            try:
                Appointment(patient=people.record, therapist=people.therapist, **at(9)).save()
            except Error:  # the constraint, or a deadlock of two that wait for each other in it
                return False
            return True

    assert sorted(race([write] * 3)) == [False, False, True]

    with clinic_scope(fresh_clinic.route):
        assert Appointment.objects.count() == 1


def test_a_patient_is_booked_before_or_refused_after_the_deletion(
    fresh_clinic: FreshClinic, at: At
) -> None:
    people = fresh_clinic.people

    def book() -> bool:
        with clinic_scope(fresh_clinic.route):
            try:
                appointment_book(
                    acting_user=None, patient=people.record, therapist=people.therapist, **at(9)
                )
            except PatientNotBookable:
                return False
            return True

    def delete() -> None:
        with clinic_scope(fresh_clinic.route):
            patient_delete(acting_user=None, patient=people.record)

    booked, _ = race([book, delete])

    with clinic_scope(fresh_clinic.route):
        assert not Patient.objects.alive().exists()
        assert Appointment.objects.exists() == booked


def test_of_series_for_the_same_times_one_is_booked(
    fresh_clinic: FreshClinic, in_threads: InThreads
) -> None:
    people = fresh_clinic.people
    with clinic_scope(fresh_clinic.route):
        room = Room.objects.create(name="Sala 1")

    def book_it() -> bool:
        with clinic_scope(fresh_clinic.route):
            try:
                series_book(
                    acting_user=None,
                    patient=people.record,
                    therapist=people.therapist,
                    room=room,
                    first_day=date(2026, 3, 2),
                    weekdays=[0, 2, 4],
                    start=time(9),
                    length=50,
                    count=20,
                )
            except SeriesConflict:
                return False
            return True

    assert sorted(in_threads(4, book_it)) == [False] * 3 + [True]

    with clinic_scope(fresh_clinic.route):
        assert Appointment.objects.count() == 20
