"""Rooms: nobody gets a taken place, neither by the services nor behind their back."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import Error, IntegrityError, transaction
from django.utils import timezone

from core.constraints import FieldConflict, constraint_of
from patients.models import Patient
from patients.services import patient_register
from patients.validators import cpf_check_digit
from scheduling.constraints.appointments import ROOM_FULL, SEAT_BEYOND, THERAPIST_BUSY
from scheduling.constraints.rooms import CAPACITY_IN_USE
from scheduling.errors import AppointmentConflict, RoomInUse, RoomNotBookable
from scheduling.models import Appointment, Room
from scheduling.services import (
    appointment_book,
    appointment_cancel,
    appointment_update,
    room_create,
    room_delete,
    room_update,
)
from tenants.context import ClinicRoute, clinic_scope
from tests.people import Everybody, FreshClinic, InThreads
from tests.scheduling.conftest import AnAppointment, At, Others

PREFIX = "scheduling_appointment_"


def a_patient(number: int) -> Patient:
    digits = [int(digit) for digit in f"{number:09d}"]
    for _ in range(2):
        digits.append(cpf_check_digit(digits))

    return patient_register(
        acting_user=None,
        name=f"Paciente {number}",
        phone="+5511933333333",
        cpf="".join(map(str, digits)),
        birth_date=timezone.localdate() - timedelta(days=9000),
    )


def refusal(appointment: Appointment) -> str:
    """The constraint by which the database refuses the row, without any Python check."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic(using="shard_1"):
        Appointment.objects.bulk_create([appointment])
    return str(constraint_of(refused.value))


@pytest.fixture
def room(in_norte: ClinicRoute) -> Room:
    return room_create(acting_user=None, name="Sala 1")


def test_a_room_for_one_takes_one(room: Room, people: Everybody, others: Others, at: At) -> None:
    made = appointment_book(
        acting_user=None,
        patient=people.norte.record,
        therapist=people.norte.therapist,
        room=room,
        **at(9),
    )
    assert made.seat == 1

    second = {"patient": others.record, "therapist": others.therapist, "room": room}
    with pytest.raises(AppointmentConflict) as refused:
        appointment_book(acting_user=None, **second, **at(9.5))
    (error,) = refused.value.errors
    assert (error["field"], error["code"]) == ("room", "room_full")

    later = appointment_book(acting_user=None, **second, **at(10))
    with pytest.raises(AppointmentConflict):
        appointment_update(acting_user=None, appointment=later, changes=at(9.5))

    later.refresh_from_db()
    appointment_cancel(acting_user=None, appointment=made)
    appointment_update(acting_user=None, appointment=later, changes=at(9.5))


def test_a_group_is_one_therapist_with_several_in_one_room(
    in_norte: ClinicRoute, people: Everybody, others: Others, at: At
) -> None:
    pilates = room_create(acting_user=None, name="Pilates", capacity=2)
    who = {"therapist": people.norte.therapist, "room": pilates, "group": True}

    first = appointment_book(acting_user=None, patient=people.norte.record, **who, **at(9))
    second = appointment_book(acting_user=None, patient=others.record, **who, **at(9.5))
    assert {first.seat, second.seat} == {1, 2}

    third = a_patient(7)
    with pytest.raises(AppointmentConflict) as refused:
        appointment_book(acting_user=None, patient=third, **who, **at(9.5))
    assert [error["code"] for error in refused.value.errors] == ["room_full"]

    alone = who | {"room": None, "group": False}
    with pytest.raises(AppointmentConflict) as refused:
        appointment_book(acting_user=None, patient=third, **alone, **at(9.5))
    assert [error["code"] for error in refused.value.errors] == ["therapist_busy"]


def test_the_database_tells_a_group_from_a_double_booking(
    in_norte: ClinicRoute, an_appointment: AnAppointment, others: Others
) -> None:
    here = room_create(acting_user=None, name="Pilates", capacity=3)
    there = room_create(acting_user=None, name="Água", capacity=3)

    an_appointment(9, room=here, seat=1, group=True).save()
    same = an_appointment(9.5, patient=others.record, room=here, seat=2, group=True)
    same.full_clean()
    same.save()

    third = a_patient(8)
    for wrong in ({"room": there, "seat": 1, "group": True}, {"room": here, "seat": 3}, {}):
        one = an_appointment(9.5, patient=third, **wrong)
        assert refusal(one) == THERAPIST_BUSY
    assert refusal(an_appointment(9, patient=third, room=here, seat=2, group=True)) == ROOM_FULL


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"seat": 1}, PREFIX + "seat_with_room"),
        ({"room": True}, PREFIX + "seat_with_room"),
        ({"room": True, "seat": 0}, PREFIX + "seat_with_room"),
        ({"group": True}, PREFIX + "group_has_room"),
        ({"position": 1}, PREFIX + "position_in_series"),
        ({"room": True, "seat": 2}, SEAT_BEYOND),
    ],
)
def test_the_database_refuses_places_that_are_not_there(
    room: Room, an_appointment: AnAppointment, fields: Any, constraint: str
) -> None:
    given = fields | ({"room": room} if "room" in fields else {})
    assert refusal(an_appointment(9, **given)) == constraint


def test_a_room_does_not_shrink_below_what_is_booked(
    in_norte: ClinicRoute, people: Everybody, others: Others
) -> None:
    pilates = room_create(acting_user=None, name="Pilates", capacity=2)
    soon = timezone.now() + timedelta(days=2)
    times = {"start_time": soon, "end_time": soon + timedelta(hours=1)}
    who = {"therapist": people.norte.therapist, "room": pilates, "group": True}

    appointment_book(acting_user=None, patient=people.norte.record, **who, **times)
    second = appointment_book(acting_user=None, patient=others.record, **who, **times)

    with pytest.raises(FieldConflict) as refused:
        room_update(acting_user=None, room=pilates, changes={"capacity": 1})
    assert (refused.value.field, refused.value.field_code) == ("capacity", "in_use")

    with pytest.raises(IntegrityError) as behind, transaction.atomic(using="shard_1"):
        Room.objects.filter(pk=pilates.pk).update(capacity=1)
    assert constraint_of(behind.value) == CAPACITY_IN_USE

    appointment_cancel(acting_user=None, appointment=second)
    room_update(acting_user=None, room=pilates, changes={"capacity": 1})


def test_what_took_place_does_not_keep_a_room_large(
    in_norte: ClinicRoute, an_appointment: AnAppointment
) -> None:
    pilates = room_create(acting_user=None, name="Pilates", capacity=2)
    an_appointment(9, room=pilates, seat=2).save()  # last March

    room_update(acting_user=None, room=pilates, changes={"capacity": 1})
    with pytest.raises(RoomInUse):
        room_delete(acting_user=None, room=pilates)


def test_an_inactive_room_takes_nobody_new(room: Room, people: Everybody, at: At) -> None:
    who = {"patient": people.norte.record, "therapist": people.norte.therapist, "room": room}
    room_update(acting_user=None, room=Room.objects.get(pk=room.pk), changes={"active": False})
    with pytest.raises(RoomNotBookable):
        appointment_book(acting_user=None, **who, **at(9))


def test_one_clinic_has_no_two_rooms_of_a_name(room: Room) -> None:
    with pytest.raises(FieldConflict) as refused:
        room_create(acting_user=None, name="SALA 1")
    assert refused.value.field == "name"


def test_of_bookings_for_the_last_places_as_many_win_as_there_are(
    fresh_clinic: FreshClinic, in_threads: InThreads, at: At
) -> None:
    people = fresh_clinic.people
    with clinic_scope(fresh_clinic.route):
        pilates = room_create(acting_user=None, name="Pilates", capacity=3)
        waiting = [a_patient(number) for number in range(1, 9)]

    def book() -> bool:
        with clinic_scope(fresh_clinic.route):
            try:
                appointment_book(
                    acting_user=None,
                    patient=waiting.pop(),
                    therapist=people.therapist,
                    room=pilates,
                    group=True,
                    **at(9),
                )
            except AppointmentConflict:
                return False
            return True

    assert sorted(in_threads(8, book)) == [False] * 5 + [True] * 3

    with clinic_scope(fresh_clinic.route):
        assert set(Appointment.objects.values_list("seat", flat=True)) == {1, 2, 3}


def test_a_room_shrinks_before_a_booking_or_not_at_all(
    fresh_clinic: FreshClinic, in_threads: InThreads
) -> None:
    """By scripts that bypass the services."""
    people, soon = fresh_clinic.people, timezone.now() + timedelta(days=2)
    with clinic_scope(fresh_clinic.route):
        pilates = room_create(acting_user=None, name="Pilates", capacity=2)

    def shrink() -> None:
        Room.objects.filter(pk=pilates.pk).update(capacity=1)

    def book() -> None:
        times = {"start_time": soon, "end_time": soon + timedelta(hours=1)}
        who = {"patient": people.record, "therapist": people.therapist}
        Appointment(**who, **times, room=pilates, seat=2).save()

    work = [shrink, book]

    def run() -> bool:
        with clinic_scope(fresh_clinic.route):
            try:
                work.pop()()
            except Error:
                return False
            return True

    assert sorted(in_threads(2, run)) == [False, True]

    with clinic_scope(fresh_clinic.route):
        beyond = Appointment.objects.filter(seat__gt=Room.objects.get().capacity)
        assert not beyond.exists()
