"""What can be refused about an appointment, beyond the rules of `scheduling.constraints`."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from fisioflow.constraints import FieldConflict
from fisioflow.errors import Conflict, FieldError


class AppointmentConflict(Conflict):
    """The therapist or the patient has another appointment then.

    `errors` has one entry for each who is busy, with the appointments in the way as far as the
    acting person may see them: ids and times, never whose they are.
    """

    code = "appointment_conflict"

    def __init__(self, errors: Sequence[Mapping[str, object]]) -> None:
        self.errors = errors
        super().__init__(busy=",".join(str(error["code"]) for error in errors))


class InvalidTransition(Conflict):
    """The appointment's status doesn't allow this."""

    code = "invalid_transition"

    def __init__(self, appointment: UUID, status: str, wanted: str) -> None:
        super().__init__(appointment=appointment, status=status, wanted=wanted)


class AppointmentDeleted(Conflict):
    """This appointment was deleted."""

    code = "appointment_deleted"


class PatientNotBookable(FieldConflict):
    """This patient was deleted."""

    def __init__(self) -> None:
        super().__init__("patient", "deleted", "This patient was deleted.")


class TherapistNotBookable(FieldError):
    """This person takes no appointments."""

    def __init__(self, field_code: str) -> None:
        super().__init__("therapist", field_code, "This person takes no appointments.")
