"""Who may do what with exercises and prescriptions."""

from accounts.models import Role, User
from exercises.errors import LibraryNotPermitted, PrescriptionNotPermitted
from patients.access import CLINICIANS

LIBRARIANS = CLINICIANS  # may read and write the library
READERS = CLINICIANS | {Role.PATIENT}  # may read prescriptions and logs


def refuse_library(user: User | None) -> None:
    """Raise LibraryNotPermitted unless the person keeps the library; the system (None) may."""
    if user is not None and user.role not in LIBRARIANS:
        raise LibraryNotPermitted


def refuse_prescribing(user: User) -> None:
    """Raise PrescriptionNotPermitted unless the person is a therapist."""
    if user.role != Role.THERAPIST:
        raise PrescriptionNotPermitted
