"""Everything that can happen to a patient and their record."""

from patients.services.consents import consent_give, consent_text_create, consent_withdraw
from patients.services.documents import (
    document_delete,
    document_link,
    document_of_link,
    document_scan,
    document_update,
    document_upload,
)
from patients.services.notes import (
    note_amend,
    note_cosign,
    note_discard,
    note_draft,
    note_revise,
    note_sign,
)
from patients.services.patients import (
    patient_delete,
    patient_draft,
    patient_register,
    patient_update,
    patients_register,
)

__all__ = [
    "consent_give",
    "consent_text_create",
    "consent_withdraw",
    "document_delete",
    "document_link",
    "document_of_link",
    "document_scan",
    "document_update",
    "document_upload",
    "note_amend",
    "note_cosign",
    "note_discard",
    "note_draft",
    "note_revise",
    "note_sign",
    "patient_delete",
    "patient_draft",
    "patient_register",
    "patient_update",
    "patients_register",
]
