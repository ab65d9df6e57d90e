"""Who writes the agenda's set-up, and what each role sees, sets and opens in an agenda.

Only clinicians see the notes of an appointment. A therapist's appointments open their patients'
records.
"""

from django.db.models import Q

from accounts.models import ADMIN_ROLES, STAFF_ROLES, Role, User
from core.errors import FieldNotPermitted, NotPermitted
from scheduling.errors import SetupNotPermitted
from scheduling.states import Status

SETUP_WRITERS = ADMIN_ROLES | {Role.RECEPTIONIST}  # rooms, weekly hours and closures

CLINICAL_FIELDS = frozenset({"notes"})
AGENDA_FIELDS = frozenset(
    {"patient", "therapist", "start_time", "end_time", "status", "room", "group"}
)
_ALL = CLINICAL_FIELDS | AGENDA_FIELDS

_WRITABLE: dict[str, frozenset[str]] = {
    Role.OWNER: _ALL,
    Role.MANAGER: _ALL,
    Role.RECEPTIONIST: AGENDA_FIELDS,
    Role.THERAPIST: _ALL,
}
_HIDDEN: dict[str, frozenset[str]] = {
    Role.RECEPTIONIST: CLINICAL_FIELDS,
    Role.PATIENT: CLINICAL_FIELDS,
}


def refuse_setup(user: User | None) -> None:
    """Raise SetupNotPermitted unless the person writes the set-up; the system (None) may."""
    if user is not None and user.role not in SETUP_WRITERS:
        raise SetupNotPermitted


def refuse_foreign_agenda(user: User | None, *therapists: User) -> None:
    """Raise NotPermitted unless the person is staff; the system (None) may write every agenda.

    Raises FieldNotPermitted when a therapist would write in another therapist's agenda.
    """
    if user is None:
        return
    if user.role not in STAFF_ROLES:
        raise NotPermitted
    if user.role == Role.THERAPIST and any(therapist != user for therapist in therapists):
        raise FieldNotPermitted("therapist")


def writable_fields(user: User | None) -> frozenset[str]:
    """The fields of an appointment that the person may set; the system (None) sets all."""
    return _ALL if user is None else _WRITABLE.get(user.role, frozenset())


def hidden_fields(user: User) -> frozenset[str]:
    """The fields of an appointment that the person may not see."""
    return _HIDDEN.get(user.role, frozenset())


def patients_of(therapist: User) -> Q:
    """Select patients who have an appointment, not cancelled or deleted, with the therapist."""
    return Q(
        appointments__therapist=therapist,
        appointments__deleted_at=None,
        appointments__status__in=[Status.SCHEDULED, Status.IN_PROGRESS, Status.COMPLETED],
    )
