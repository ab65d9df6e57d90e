"""Errors about patients and their records, beyond the rules of `patients.constraints`."""

from core.errors import Conflict, FieldError, FisioFlowError, NotPermitted


class TherapistInactive(FieldError):
    """This therapist no longer works here."""

    def __init__(self) -> None:
        super().__init__("therapist", "inactive", "This therapist no longer works here.")


class PatientDeleted(Conflict):
    """This patient was deleted."""

    code = "patient_deleted"


class DeletionNotPermitted(NotPermitted):
    """Only the owner and the managers may delete."""


class NotTheAuthor(FisioFlowError):
    """Only the author of a note may change, sign or amend it."""

    code = "not_the_author"
    status = 403


class NotTheSupervisor(FisioFlowError):
    """Only the intern's supervisor may sign for them."""

    code = "not_the_supervisor"
    status = 403


class NoteSigned(Conflict):
    """A signed note can't be changed. Write an amendment."""

    code = "note_signed"


class NoteNotSigned(Conflict):
    """This note isn't signed: change it instead."""

    code = "note_not_signed"


class NoteEmpty(Conflict):
    """Write something before you sign."""

    code = "note_empty"


class CrefitoMissing(Conflict):
    """Only a person with a CREFITO number or a supervisor may sign."""

    code = "crefito_missing"


class NoSignaturePending(Conflict):
    """This note doesn't wait for a supervisor's signature."""

    code = "no_signature_pending"


class ConsentWithdrawn(Conflict):
    """This consent was withdrawn already."""

    code = "consent_withdrawn"


class ChannelNotPermitted(FieldError):
    """Consent in the app is given by the patient, signed in; other channels are for the staff."""

    def __init__(self) -> None:
        super().__init__("channel", "not_permitted", type(self).__doc__ or "")


class UnsupportedFile(FieldError):
    """Send a PDF, PNG, JPEG or DICOM file."""

    def __init__(self) -> None:
        super().__init__("file", "unsupported_type", "Send a PDF, PNG, JPEG or DICOM file.")


class DocumentNotClean(Conflict):
    """This document can't be opened: it has not been found clean."""

    code = "document_not_clean"


class InvalidLink(FisioFlowError):
    """This link is invalid or has expired. Ask for a new one."""

    code = "invalid_link"
    status = 403


class ScannerUnavailable(FisioFlowError):
    """The scanner of documents gave no verdict. They wait in quarantine."""

    code = "scanner_unavailable"
    status = 503
    retry_after = 60
