"""Patients and their records in the clinic's admin."""

from patients.admin.patients import PatientAdmin
from patients.admin.records import ConsentAdmin, ConsentTextAdmin, DocumentAdmin, NoteAdmin

__all__ = ["ConsentAdmin", "ConsentTextAdmin", "DocumentAdmin", "NoteAdmin", "PatientAdmin"]
