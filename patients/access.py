"""Who may do what with patients and their records; None is the system, which may do everything.

A patient's fields are of three kinds: personal, which the reception keeps; clinical, which the
reception doesn't even see; and the sign-in. A new field is clinical until it is listed here.
"""

from accounts.models import ADMIN_ROLES, STAFF_ROLES, Role, User
from core.errors import NotPermitted
from core.records import editable_fields
from patients.errors import DeletionNotPermitted
from patients.models import Patient

PERSONAL_FIELDS = frozenset({"name", "email", "phone", "cpf", "birth_date", "therapist"})
SIGN_IN_FIELDS = frozenset({"user"})
_ALL = frozenset(editable_fields(Patient))
CLINICAL_FIELDS = _ALL - PERSONAL_FIELDS - SIGN_IN_FIELDS

CLINICIANS = ADMIN_ROLES | {Role.THERAPIST}  # owners and managers may be physiotherapists too
REGISTRARS = ADMIN_ROLES | {Role.RECEPTIONIST}

_WRITABLE: dict[str, frozenset[str]] = {
    Role.OWNER: _ALL,
    Role.MANAGER: _ALL,
    Role.RECEPTIONIST: PERSONAL_FIELDS,
    Role.THERAPIST: CLINICAL_FIELDS,
}
_HIDDEN: dict[str, frozenset[str]] = {Role.RECEPTIONIST: CLINICAL_FIELDS}


def writable_fields(user: User | None) -> frozenset[str]:
    """The fields of a patient that the person may set."""
    return _ALL if user is None else _WRITABLE.get(user.role, frozenset())


def hidden_fields(user: User) -> frozenset[str]:
    """The fields of a patient that the person may not see."""
    return _HIDDEN.get(user.role, frozenset())


def may_delete(user: User | None) -> bool:
    """Whether the person may delete a record."""
    return user is None or user.role in ADMIN_ROLES


def refuse_deletion(user: User | None) -> None:
    """Raise DeletionNotPermitted unless the person may delete a record."""
    if not may_delete(user):
        raise DeletionNotPermitted


def refuse_people(user: User | None) -> None:
    """Raise NotPermitted unless it is the system."""
    _require(user, frozenset())


def refuse_registration(user: User | None) -> None:
    """Raise NotPermitted unless the person may register patients."""
    _require(user, REGISTRARS)


def refuse_clinical(user: User | None) -> None:
    """Raise NotPermitted unless the person may write notes and keep documents."""
    _require(user, CLINICIANS)


def refuse_consent_texts(user: User | None) -> None:
    """Raise NotPermitted unless the person may add texts to consent to."""
    _require(user, ADMIN_ROLES)


def refuse_consent(user: User | None, patient: Patient) -> None:
    """Raise NotPermitted unless the person may record the patient's consents.

    The staff may, and patients their own.
    """
    if user is not None and user.role == Role.PATIENT and patient.user_id == user.pk:
        return
    _require(user, STAFF_ROLES)


def _require(user: User | None, roles: frozenset[Role]) -> None:
    if user is not None and user.role not in roles:
        raise NotPermitted
