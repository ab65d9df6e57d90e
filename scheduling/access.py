"""Which fields of an appointment each role sees and sets: the notes are the clinicians'."""

from accounts.models import Role, User

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
