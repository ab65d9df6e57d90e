"""Writes to appointments."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.db import IntegrityError

from accounts.models import Role, User
from core.constraints import constraint_of, refusal_of, refusals
from core.records import check, mark_deleted, refuse_fields, swap
from patients.access import refuse_deletion
from patients.models import Patient
from scheduling.access import refuse_foreign_agenda, writable_fields
from scheduling.errors import (
    AppointmentConflict,
    AppointmentDeleted,
    InvalidTransition,
    TherapistNotBookable,
)
from scheduling.models import Appointment, Room
from scheduling.services.conflicts import (
    BUSY,
    Conflicts,
    conflicts_of,
    described,
    overlapping,
    take_seat,
)
from scheduling.services.locks import hold
from scheduling.states import Status, can_move
from tenants.context import clinic_transaction

_WHEN_AND_WHO = frozenset({"start_time", "end_time", "therapist", "room", "group"})


def appointment_draft(
    *,
    acting_user: User | None,
    patient: Patient,
    therapist: User,
    start_time: datetime,
    end_time: datetime,
    notes: str = "",
    room: Room | None = None,
    group: bool = False,
) -> Appointment:
    """Build an appointment that follows every rule except those about other rows; writes nothing.

    `group` means that the therapist attends others in the same room at the same time.

    Raises ValidationError (fields), NotPermitted, FieldNotPermitted, TherapistNotBookable.
    """
    if notes:
        refuse_fields({"notes"}, writable_fields(acting_user))
    refuse_foreign_agenda(acting_user, therapist)
    appointment = Appointment(
        patient=patient,
        therapist=therapist,
        start_time=start_time,
        end_time=end_time,
        notes=notes,
        room=room,
        group=group,
    )

    if therapist.role != Role.THERAPIST:
        raise TherapistNotBookable("not_a_therapist")
    # The related objects are given, and locked before the booking: no need to read them again.
    check(appointment, exclude={"patient", "therapist", "room"})
    return appointment


def appointment_book(*, acting_user: User | None, **fields: Any) -> Appointment:
    """Book an appointment with the fields of `appointment_draft`.

    When requests race for the same time, or for the last place of a room, exactly one succeeds; the
    others get AppointmentConflict. Raises what `appointment_draft` raises, PatientNotBookable and
    RoomNotBookable.
    """
    appointment = appointment_draft(acting_user=acting_user, **fields)

    with refusals(partial(_conflict_of, appointment, acting_user)), clinic_transaction():
        _take_place(appointment)
        appointment.save(force_insert=True)

    return appointment


def appointment_update(
    *, acting_user: User | None, appointment: Appointment, changes: Mapping[str, Any]
) -> Appointment:
    """Change `start_time`, `end_time`, `therapist`, `room`, `group`, `notes` or `status`.

    The patient can't change: another patient's visit is another appointment. Raises what
    `appointment_book` raises; InvalidTransition for a status that can't follow, and for a move
    once the visit has begun or was cancelled; and AppointmentDeleted.
    """
    refuse_fields(changes, writable_fields(acting_user))
    if not changes:
        return appointment

    before, after = appointment.status, changes.get("status", appointment.status)
    moved = any(changes[f] != getattr(appointment, f) for f in changes.keys() & _WHEN_AND_WHO)
    if not can_move(before, after) or (moved and before != Status.SCHEDULED):
        raise InvalidTransition(appointment.pk, before, after)
    refuse_foreign_agenda(acting_user, changes.get("therapist", appointment.therapist))

    for field, value in changes.items():
        setattr(appointment, field, value)
    check(appointment, only=changes.keys())

    with clinic_transaction():
        if moved:
            _take_place(appointment)
            changes = {**changes, "seat": appointment.seat}
        swap(
            appointment,
            changes,
            among=Appointment.objects.alive().filter(status=before),
            otherwise=partial(_overtaken, appointment),
            refused=partial(_conflict_of, appointment, acting_user),
        )

    return appointment


def appointment_cancel(*, acting_user: User | None, appointment: Appointment) -> Appointment:
    """Free the time; the appointment stays in the record. Raises InvalidTransition."""
    changes = {"status": Status.CANCELLED}
    return appointment_update(acting_user=acting_user, appointment=appointment, changes=changes)


def appointment_delete(*, acting_user: User | None, appointment: Appointment) -> None:
    """Take an appointment that was entered by mistake out of the agenda; the row is kept.

    Deleting twice changes nothing. Raises DeletionNotPermitted.
    """
    refuse_deletion(acting_user)
    mark_deleted(appointment, among=Appointment.objects.alive())


def _take_place(appointment: Appointment) -> None:
    """Lock the people and the room, and find a place in the room."""
    rooms = hold(
        people=[appointment.therapist_id],
        patients=[appointment.patient_id],
        rooms=[appointment.room_id],
    )

    if appointment.room_id:
        appointment.room = rooms[appointment.room_id]
    take_seat(appointment, overlapping([appointment]) if appointment.room_id else ())


def _overtaken(appointment: Appointment) -> Exception:
    """The error for an appointment that was deleted, or got another status, since it was read."""
    now = Appointment.objects.get(pk=appointment.pk)
    if now.deleted_at is not None:
        return AppointmentDeleted(appointment=now.pk)
    return InvalidTransition(now.pk, now.status, appointment.status)


def _conflict_of(
    appointment: Appointment, acting_user: User | None, error: IntegrityError
) -> Exception:
    """The error for what the database refused: who is busy and, if visible, with what."""
    refused_by = constraint_of(error)
    if refused_by is None or refused_by not in BUSY:
        return refusal_of(error)

    # The conflicting appointment may be gone by now; the violated constraint is enough.
    found: Conflicts = {refused_by: []} | dict(
        conflicts_of(appointment, overlapping([appointment]))
    )
    return AppointmentConflict(described(found, acting_user))
