"""Errors about the agenda, beyond the rules of `scheduling.constraints`."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from core.constraints import FieldConflict
from core.errors import Conflict, FieldError, NotPermitted


class SetupNotPermitted(NotPermitted):
    """Only the owner, the managers and the reception write rooms, hours and closures."""


class AppointmentConflict(Conflict):
    """The therapist, the patient or the room is taken then.

    `errors` has one entry for each of them that is busy, with the ids and times of the appointments
    in the way that the acting person may see; never the patient.
    """

    code = "appointment_conflict"

    def __init__(self, errors: Sequence[Mapping[str, object]]) -> None:
        self.errors = errors
        super().__init__(busy=",".join(str(error["code"]) for error in errors))


class SeriesConflict(Conflict):
    """Sessions of the series stand in the way of other appointments.

    `errors` are like AppointmentConflict's; each entry also has the session's `position` and times.
    """

    code = "series_conflict"

    def __init__(self, errors: Sequence[Mapping[str, object]]) -> None:
        self.errors = errors
        super().__init__(sessions=len({error["position"] for error in errors}))


class SeriesOver(Conflict):
    """No session of this series that the change is for is still to come."""

    code = "series_over"


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


class RoomInUse(Conflict):
    """Appointments took or take place in this room. Make it inactive instead."""

    code = "room_in_use"


class RoomNotBookable(FieldError):
    """This room takes no appointments."""

    def __init__(self) -> None:
        super().__init__("room", "inactive", "This room takes no appointments.")


class SeriesLength(FieldError):
    """The series has no session, or too many."""

    def __init__(self, field: str, *, most: int, found: int) -> None:
        message = "A series has 1 to 60 sessions."
        super().__init__(field, "out_of_range", message, most=most, found=found)
