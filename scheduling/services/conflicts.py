"""Conflicts of an appointment with others, found as the exclusion constraints will find them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from scheduling.constraints import RULES
from scheduling.constraints.appointments import PATIENT_BUSY, ROOM_FULL, THERAPIST_BUSY
from scheduling.models import Appointment

BUSY = (THERAPIST_BUSY, PATIENT_BUSY, ROOM_FULL)
Conflicts = Mapping[str, list[Appointment]]  # by constraint


def overlapping(
    wanted: Sequence[Appointment], *, besides: Collection[UUID] = ()
) -> list[Appointment]:
    """The appointments that share time, and therapist, patient or room, with any of these."""
    times = reduce(or_, (Q(start_time__lt=w.end_time, end_time__gt=w.start_time) for w in wanted))

    shared = Q(therapist__in={w.therapist_id for w in wanted})
    shared |= Q(patient__in={w.patient_id for w in wanted})
    shared |= Q(room__in={w.room_id for w in wanted if w.room_id})

    found = Appointment.objects.taking_time().filter(times, shared).exclude(pk__in=besides)
    return list(found.order_by("start_time", "pk"))


def take_seat(wanted: Appointment, others: Iterable[Appointment]) -> None:
    """Give it the first free place of its room, or in a full room a taken one, to be refused."""
    if wanted.room is None:
        wanted.seat = None
        return

    taken = {other.seat for other in _at_once(wanted, others) if other.room_id == wanted.room_id}
    places = range(1, wanted.room.capacity + 1)
    wanted.seat = next((place for place in places if place not in taken), 1)


def conflicts_of(wanted: Appointment, others: Iterable[Appointment]) -> Conflicts:
    """By constraint, the appointments that `wanted` (which has its seat) conflicts with."""
    found: dict[str, list[Appointment]] = {}

    for other in _at_once(wanted, others):
        if other.therapist_id == wanted.therapist_id and _session(other) != _session(wanted):
            found.setdefault(THERAPIST_BUSY, []).append(other)
        if other.patient_id == wanted.patient_id:
            found.setdefault(PATIENT_BUSY, []).append(other)
        if wanted.room_id and (other.room_id, other.seat) == (wanted.room_id, wanted.seat):
            found.setdefault(ROOM_FULL, []).append(other)

    return found


def described(
    conflicts: Conflicts, acting_user: User | None, **more: object
) -> list[dict[str, object]]:
    """The conflicts for an answer: field, code, detail, and the appointments in the way.

    Only appointments that the acting person may see are named, by id and times, never the patient.
    """
    keys = [other.pk for found in conflicts.values() for other in found]
    seen = Appointment.objects.filter(pk__in=keys)
    visible = set(
        (seen.visible_to(acting_user) if acting_user else seen).values_list("pk", flat=True)
    )

    return [
        {
            "field": RULES[constraint].field,
            "code": RULES[constraint].code,
            "detail": str(RULES[constraint].message),
            "conflicts": [id_and_times(o) for o in conflicts[constraint] if o.pk in visible],
            **more,
        }
        for constraint in BUSY
        if constraint in conflicts
    ]


def id_and_times(appointment: Appointment) -> dict[str, str]:
    """An appointment's id and times on the clinic's clock, without its patient."""
    return {
        "id": str(appointment.pk),
        "start_time": timezone.localtime(appointment.start_time).isoformat(),
        "end_time": timezone.localtime(appointment.end_time).isoformat(),
    }


def _at_once(wanted: Appointment, others: Iterable[Appointment]) -> list[Appointment]:
    return [
        other
        for other in others
        if other.pk != wanted.pk
        and other.start_time < wanted.end_time
        and wanted.start_time < other.end_time
    ]


def _session(appointment: Appointment) -> UUID | None:
    """The key of the session that the therapist attends: the group's room, or this appointment."""
    return appointment.room_id if appointment.group else appointment.pk
