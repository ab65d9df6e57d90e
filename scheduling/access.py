"""Which fields of an appointment each role sees and sets, and whose patients an agenda opens.

The notes are the clinicians'.
"""

from django.db.models import Q

from accounts.models import Role, User
from scheduling.states import Status

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


def writable_fields(user: User | None) -> frozenset[str]:
    """What the person may set; the system (None) sets everything."""
    return _ALL if user is None else _WRITABLE.get(user.role, frozenset())


def hidden_fields(user: User) -> frozenset[str]:
    """What the person may not see."""
    return _HIDDEN.get(user.role, frozenset())


def owns_agenda(user: User | None, therapist: User) -> bool:
    """Whether the person may write in this therapist's agenda: therapists only in their own."""
    return user is None or user.role != Role.THERAPIST or user == therapist


def patients_of(therapist: User) -> Q:
    """Of patients: those with an appointment of the therapist's, not cancelled and not deleted."""
    return Q(
        appointments__therapist=therapist,
        appointments__deleted_at=None,
        appointments__status__in=[Status.SCHEDULED, Status.IN_PROGRESS, Status.COMPLETED],
    )
