"""What a clinic keeps of its patients."""

from patients.models.consents import Consent, ConsentQuerySet, ConsentText
from patients.models.documents import Document, DocumentQuerySet
from patients.models.notes import ClinicalNote, NoteQuerySet
from patients.models.patients import Patient, PatientQuerySet, searchable

__all__ = [
    "ClinicalNote",
    "Consent",
    "ConsentQuerySet",
    "ConsentText",
    "Document",
    "DocumentQuerySet",
    "NoteQuerySet",
    "Patient",
    "PatientQuerySet",
    "searchable",
]
