"""What can be refused about a patient, beyond the rules of `patients.constraints`."""

from fisioflow.errors import Conflict, FieldError, FisioFlowError


class TherapistInactive(FieldError):
    """This therapist no longer works here."""

    def __init__(self) -> None:
        super().__init__("therapist", "inactive", "This therapist no longer works here.")


class PatientDeleted(Conflict):
    """This patient was deleted."""

    code = "patient_deleted"


class FieldNotPermitted(FieldError):
    """Your role may not set this field."""

    def __init__(self, field: str) -> None:
        super().__init__(field, "not_permitted", "Your role may not set this field.")


class DeletionNotPermitted(FisioFlowError):
    """Only the owner and the managers may delete."""

    code = "permission_denied"
    status = 403
