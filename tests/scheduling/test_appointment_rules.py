"""Each rule of an appointment, checked by the model and by the database on its own."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from core.constraints import constraint_of
from scheduling.constraints.appointments import (
    PATIENT_BUSY,
    RULES,
    SEAT_BEYOND,
    THERAPIST_BUSY,
)
from scheduling.models import Appointment
from scheduling.states import MOVES, Status, can_move
from tenants.context import ClinicRoute
from tests.people import Everybody
from tests.scheduling.conftest import AnAppointment, Others

PREFIX = "scheduling_appointment_"


def refuse(appointment: Appointment) -> str:
    """The constraint by which the database refuses the row, without any Python check."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic(using="shard_1"):
        Appointment.objects.bulk_create([appointment])
    return str(constraint_of(refused.value))


@pytest.mark.parametrize("minutes", [15, 240, 60])
def test_it_lasts_from_15_minutes_to_4_hours(
    in_norte: ClinicRoute, an_appointment: AnAppointment, minutes: float
) -> None:
    appointment = an_appointment(minutes=minutes)
    appointment.full_clean()
    appointment.save()


@pytest.mark.parametrize("minutes", [15 - 1 / 6e7, 240 + 1 / 6e7, 1, 1500])
def test_it_lasts_no_microsecond_less_or_more(
    in_norte: ClinicRoute, an_appointment: AnAppointment, minutes: float
) -> None:
    appointment = an_appointment(minutes=minutes)

    with pytest.raises(ValidationError) as refused:
        appointment.full_clean()
    assert refused.value.error_dict["end_time"][0].code == "duration"
    assert refuse(appointment) == PREFIX + "lasts_15min_to_4h"


@pytest.mark.parametrize("minutes", [0, -30])
def test_it_ends_after_its_start(
    in_norte: ClinicRoute, an_appointment: AnAppointment, minutes: float
) -> None:
    appointment = an_appointment(minutes=minutes)

    with pytest.raises(ValidationError) as refused:
        appointment.full_clean()
    assert refused.value.error_dict["end_time"][0].code == "end_before_start"
    assert refuse(appointment) == PREFIX + "ends_after_start"


@pytest.mark.parametrize("year", [1999, 2100])
def test_it_is_in_this_century(
    in_norte: ClinicRoute, an_appointment: AnAppointment, year: int
) -> None:
    start = datetime(year, 6, 1, tzinfo=UTC)
    appointment = an_appointment(start_time=start, end_time=start + timedelta(hours=1))

    with pytest.raises(ValidationError) as refused:
        appointment.full_clean()
    assert refused.value.error_dict["start_time"][0].code == "out_of_range"
    assert refuse(appointment) == PREFIX + "in_this_century"


def test_its_status_is_known(in_norte: ClinicRoute, an_appointment: AnAppointment) -> None:
    appointment = an_appointment(status="missed")

    with pytest.raises(ValidationError):
        appointment.full_clean()
    assert refuse(appointment) == PREFIX + "status_known"


def test_its_notes_have_2000_characters_at_most(
    in_norte: ClinicRoute, an_appointment: AnAppointment
) -> None:
    an_appointment(hour=14, notes="é" * 2000).save()
    appointment = an_appointment(notes="é" * 2001)

    with pytest.raises(ValidationError):
        appointment.full_clean()
    assert refuse(appointment) == PREFIX + "notes_length"

    with pytest.raises(ValidationError):
        an_appointment(notes="\0").full_clean()


def test_only_a_therapist_is_booked(
    in_norte: ClinicRoute, people: Everybody, an_appointment: AnAppointment
) -> None:
    with pytest.raises(ValidationError) as refused:
        an_appointment(therapist=people.norte.manager).full_clean()
    assert refused.value.error_dict["therapist"][0].code == "not_a_therapist"


@pytest.mark.parametrize(("hour", "minutes"), [(9, 60), (8.5, 60), (9.25, 15), (8, 240)])
def test_a_therapist_is_in_one_place(
    in_norte: ClinicRoute,
    an_appointment: AnAppointment,
    others: Others,
    hour: float,
    minutes: float,
) -> None:
    an_appointment(9).save()
    overlapping = an_appointment(hour, minutes, patient=others.record)

    with pytest.raises(ValidationError) as refused:
        overlapping.full_clean()
    assert refused.value.error_dict["therapist"][0].code == "therapist_busy"
    assert refuse(overlapping) == THERAPIST_BUSY


def test_a_patient_is_in_one_place(
    in_norte: ClinicRoute, an_appointment: AnAppointment, others: Others
) -> None:
    an_appointment(9).save()
    overlapping = an_appointment(9, therapist=others.therapist)

    with pytest.raises(ValidationError) as refused:
        overlapping.full_clean()
    assert refused.value.error_dict["patient"][0].code == "patient_busy"
    assert refuse(overlapping) == PATIENT_BUSY


def test_one_may_follow_the_other_immediately(
    in_norte: ClinicRoute, an_appointment: AnAppointment
) -> None:
    for hour in (9, 10, 8):
        appointment = an_appointment(hour)
        appointment.full_clean()
        appointment.save()


def test_others_work_at_the_same_time(
    in_norte: ClinicRoute, an_appointment: AnAppointment, others: Others
) -> None:
    an_appointment(9).save()
    an_appointment(9, patient=others.record, therapist=others.therapist).save()


@pytest.mark.parametrize(
    "fields", [{"status": Status.CANCELLED}, {"deleted_at": timezone.now()}], ids=["off", "gone"]
)
def test_what_is_cancelled_or_deleted_takes_no_time(
    in_norte: ClinicRoute, an_appointment: AnAppointment, fields: Any
) -> None:
    an_appointment(9, **fields).save()
    appointment = an_appointment(9)
    appointment.full_clean()
    appointment.save()
    an_appointment(9, **fields).save()


def test_nothing_comes_back_into_a_time_that_was_given_away(
    in_norte: ClinicRoute, an_appointment: AnAppointment
) -> None:
    cancelled = an_appointment(9, status=Status.CANCELLED)
    cancelled.save()
    an_appointment(9).save()
    with pytest.raises(IntegrityError), transaction.atomic(using="shard_1"):
        Appointment.objects.filter(pk=cancelled.pk).update(status=Status.SCHEDULED)


def test_every_constraint_of_the_table_has_a_meaning(in_norte: ClinicRoute) -> None:
    with connections["shard_1"].cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint"
            " WHERE conrelid = 'scheduling_appointment'::regclass AND contype IN ('c', 'u', 'x')"
        )
        names = {name for (name,) in cursor.fetchall()}

    triggers = {SEAT_BEYOND}
    assert names | triggers == RULES.keys(), "Add the constraint to the RULES of its table."


def test_no_status_leads_out_of_completed_and_cancelled() -> None:
    assert MOVES.keys() == set(Status)
    assert not MOVES[Status.COMPLETED] | MOVES[Status.CANCELLED]
    assert all(can_move(status, status) for status in Status)
    assert not any(can_move(status, Status.SCHEDULED) for status in set(Status) - {"scheduled"})
