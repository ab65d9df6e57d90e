"""Errors about exercises, beyond the rules of `exercises.constraints`."""

from collections.abc import Sequence
from uuid import UUID

from core.errors import Conflict, FieldError, FisioFlowError


class ExerciseDeleted(Conflict):
    """This exercise was deleted."""

    code = "exercise_deleted"


class WrongItemCount(FieldError):
    """A prescription has 1 to 30 exercises."""

    def __init__(self, field_code: str) -> None:
        super().__init__("items", field_code, "A prescription has 1 to 30 exercises.")


class ExerciseNotPrescribable(FieldError):
    """An exercise was deleted meanwhile."""

    def __init__(self) -> None:
        super().__init__("items", "deleted", "An exercise was deleted meanwhile.")


class PatientNotPrescribable(FieldError):
    """This patient was deleted."""

    def __init__(self) -> None:
        super().__init__("patient", "deleted", "This patient was deleted.")


class LibraryNotPermitted(FisioFlowError):
    """Only the owner, the managers and the therapists keep the library."""

    code = "library_not_permitted"
    status = 403


class PrescriptionNotPermitted(FisioFlowError):
    """Only therapists prescribe."""

    code = "prescribing_not_permitted"
    status = 403


class LogNotPermitted(FisioFlowError):
    """Only the patient logs what they did."""

    code = "logging_not_permitted"
    status = 403


class PrescriptionLocked(Conflict):
    """This prescription stays as it is. Make a new version of it instead.

    The patient has logged against it, or another therapist wrote it.
    """

    code = "prescription_locked"


class PrescriptionSuperseded(Conflict):
    """This prescription has a newer version."""

    code = "prescription_superseded"


class InvalidPrescriptionMove(Conflict):
    """The prescription's status doesn't allow this."""

    code = "prescription_status"

    def __init__(self, prescription: UUID, status: str, wanted: str) -> None:
        super().__init__(prescription=prescription, status=status, wanted=wanted)


class LogDiffers(Conflict):
    """Another log has this id and other contents.

    `errors` has one entry for each of these ids.
    """

    code = "log_differs"

    def __init__(self, ids: Sequence[UUID]) -> None:
        super().__init__(logs=",".join(map(str, ids)))
        self.errors = [{"code": self.code, "detail": self.detail, "id": str(id_)} for id_ in ids]
