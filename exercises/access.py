"""Who may do what with exercises and prescriptions."""

from accounts.models import ADMIN_ROLES, Role, User
from exercises.errors import LibraryNotPermitted, PrescriptionNotPermitted

CLINICIANS = ADMIN_ROLES | {Role.THERAPIST}  # read everything here and keep the library
READERS = CLINICIANS | {Role.PATIENT}  # read prescriptions and logs


def refuse_library(user: User | None) -> None:
    """Raise LibraryNotPermitted unless the person keeps the library; the system (None) may."""
    if user is not None and user.role not in CLINICIANS:
        raise LibraryNotPermitted


def refuse_prescribing(user: User) -> None:
    """Raise PrescriptionNotPermitted unless the person is a therapist."""
    if user.role != Role.THERAPIST:
        raise PrescriptionNotPermitted
