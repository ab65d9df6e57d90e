"""The order in which the agenda locks rows: people, patients, rooms, appointments; each by id.

Every booking and every move takes these locks first, so bookings of one therapist, patient or room
take turns. Without them, two that overlap would wait for each other inside the exclusion
constraints until PostgreSQL breaks the deadlock; with one order of locks, no circle can form. The
locks also keep anybody from being deactivated or deleted between the check here and the booking.
"""

from collections.abc import Iterable
from uuid import UUID

from accounts.models import Role, User
from patients.models import Patient
from scheduling.errors import PatientNotBookable, RoomNotBookable, TherapistNotBookable
from scheduling.models import Appointment, Room


def hold(
    *, people: Iterable[UUID], patients: Iterable[UUID], rooms: Iterable[UUID | None]
) -> dict[UUID, Room]:
    """Lock the people and rooms of a booking until the transaction ends; returns the rooms by id.

    Raises TherapistNotBookable, PatientNotBookable, RoomNotBookable.
    """
    wanted = set(people)
    found = User.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    therapists = [person for person in found if person.role == Role.THERAPIST]
    if {person.pk for person in therapists} != wanted:
        raise TherapistNotBookable("not_a_therapist")
    if not all(person.is_active for person in therapists):
        raise TherapistNotBookable("inactive")

    treated = set(patients)
    alive = Patient.objects.alive().select_for_update(no_key=True)
    if len(alive.filter(pk__in=treated).order_by("pk")) != len(treated):
        raise PatientNotBookable

    places = {room for room in rooms if room is not None}
    held = Room.objects.select_for_update(no_key=True).filter(pk__in=places).order_by("pk")
    by_id = {room.pk: room for room in held}
    if by_id.keys() != places or not all(room.active for room in by_id.values()):
        raise RoomNotBookable

    return by_id


def hold_appointments(appointments: Iterable[UUID]) -> list[Appointment]:
    """Lock these appointments, after everything else; returns them sorted by start."""
    rows = Appointment.objects.select_for_update(no_key=True, of=("self",))
    found = list(rows.filter(pk__in=set(appointments)).order_by("pk"))
    return sorted(found, key=lambda row: row.start_time)
