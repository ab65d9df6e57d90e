"""The services of appointments, called by different people, and by two at once."""

import pytest
from django.utils import timezone

from accounts.models import User
from core.errors import FieldNotPermitted
from patients.errors import DeletionNotPermitted
from patients.models import Patient
from patients.services import patient_delete
from scheduling.errors import (
    AppointmentConflict,
    AppointmentDeleted,
    InvalidTransition,
    PatientNotBookable,
    TherapistNotBookable,
)
from scheduling.models import Appointment
from scheduling.services import (
    appointment_book,
    appointment_cancel,
    appointment_delete,
    appointment_update,
)
from scheduling.states import Status
from tenants.context import ClinicRoute
from tests.people import Everybody
from tests.scheduling.conftest import At, Others


@pytest.fixture
def booked(in_norte: ClinicRoute, people: Everybody, at: At) -> Appointment:
    """Norte's patient with norte's therapist from nine to ten."""
    return appointment_book(
        acting_user=None,
        patient=people.norte.record,
        therapist=people.norte.therapist,
        notes="Avaliação.",
        **at(9),
    )


def test_the_system_sees_every_conflict(booked: Appointment, people: Everybody, at: At) -> None:
    with pytest.raises(AppointmentConflict) as refused:
        appointment_book(
            acting_user=None,
            patient=people.norte.record,
            therapist=people.norte.therapist,
            **at(9.5),
        )

    assert [error["field"] for error in refused.value.errors] == ["therapist", "patient"]
    assert "Paciente" not in str(refused.value)
    assert Appointment.objects.count() == 1


def test_a_therapist_books_for_nobody_else(
    in_norte: ClinicRoute, people: Everybody, others: Others, at: At
) -> None:
    with pytest.raises(FieldNotPermitted):
        appointment_book(
            acting_user=people.norte.therapist,
            patient=people.norte.record,
            therapist=others.therapist,
            **at(9),
        )


def test_reception_writes_no_notes(booked: Appointment, people: Everybody, at: At) -> None:
    reception = people.norte.receptionist

    with pytest.raises(FieldNotPermitted):
        appointment_update(acting_user=reception, appointment=booked, changes={"notes": "x"})

    with pytest.raises(FieldNotPermitted):
        appointment_book(
            acting_user=reception,
            patient=people.norte.record,
            therapist=people.norte.therapist,
            notes="x",
            **at(11),
        )


def test_an_update_touches_nothing_else(booked: Appointment) -> None:
    mine, yours = Appointment.objects.get(pk=booked.pk), Appointment.objects.get(pk=booked.pk)
    appointment_update(acting_user=None, appointment=mine, changes={"notes": "Alta."})
    appointment_update(acting_user=None, appointment=yours, changes={"status": "completed"})
    now = Appointment.objects.get(pk=booked.pk)
    assert (now.notes, now.status) == ("Alta.", "completed")
    assert now.updated_at > booked.updated_at


def test_of_two_who_move_the_status_the_second_is_refused(booked: Appointment) -> None:
    mine, yours = Appointment.objects.get(pk=booked.pk), Appointment.objects.get(pk=booked.pk)
    appointment_cancel(acting_user=None, appointment=mine)
    with pytest.raises(InvalidTransition):
        appointment_update(acting_user=None, appointment=yours, changes={"status": "in_progress"})
    assert Appointment.objects.get(pk=booked.pk).status == Status.CANCELLED


def test_cancelling_twice_is_no_error_and_never_a_way_back(booked: Appointment) -> None:
    appointment_cancel(acting_user=None, appointment=booked)
    appointment_cancel(acting_user=None, appointment=booked)
    with pytest.raises(InvalidTransition):
        appointment_update(acting_user=None, appointment=booked, changes={"status": "scheduled"})


def test_what_was_deleted_does_not_change(booked: Appointment, people: Everybody) -> None:
    mine = Appointment.objects.get(pk=booked.pk)
    appointment_delete(acting_user=people.norte.owner, appointment=booked)
    with pytest.raises(AppointmentDeleted):
        appointment_update(acting_user=None, appointment=mine, changes={"notes": "x"})
    appointment_delete(acting_user=None, appointment=mine)


def test_an_update_of_nothing_is_no_update(booked: Appointment) -> None:
    appointment_update(acting_user=None, appointment=booked, changes={})
    assert Appointment.objects.get(pk=booked.pk).updated_at == booked.updated_at


@pytest.mark.parametrize("role", ["therapist", "receptionist", "patient"])
def test_only_owner_and_managers_delete(booked: Appointment, people: Everybody, role: str) -> None:
    with pytest.raises(DeletionNotPermitted):
        appointment_delete(acting_user=getattr(people.norte, role), appointment=booked)


def test_those_who_left_since_they_were_read_are_not_booked(
    in_norte: ClinicRoute, people: Everybody, at: At
) -> None:
    who = {"patient": people.norte.record, "therapist": people.norte.therapist}

    User.objects.filter(pk=people.norte.therapist.pk).update(is_active=False)
    with pytest.raises(TherapistNotBookable) as refused:
        appointment_book(acting_user=None, **who, **at(9))
    assert refused.value.field_code == "inactive"

    User.objects.filter(pk=people.norte.therapist.pk).update(is_active=True, role="manager")
    with pytest.raises(TherapistNotBookable) as refused:
        appointment_book(acting_user=None, **who, **at(9))
    assert refused.value.field_code == "not_a_therapist"

    User.objects.filter(pk=people.norte.therapist.pk).update(role="therapist")
    patient_delete(acting_user=None, patient=people.norte.record)
    with pytest.raises(PatientNotBookable):
        appointment_book(acting_user=None, **who, **at(9))


def test_a_visit_of_a_deleted_patient_can_still_be_cancelled(
    booked: Appointment, people: Everybody
) -> None:
    Patient.objects.filter(pk=people.norte.record.pk).update(deleted_at=timezone.now())
    appointment_cancel(acting_user=None, appointment=booked)
    assert Appointment.objects.get(pk=booked.pk).status == Status.CANCELLED
