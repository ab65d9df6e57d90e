"""Patients and their records in the API."""

from patients.serializers.access_log import AccessSerializer, PrintSerializer
from patients.serializers.consents import ConsentSerializer, ConsentTextSerializer
from patients.serializers.documents import (
    DocumentLinkSerializer,
    DocumentSerializer,
    DocumentUploadSerializer,
)
from patients.serializers.fields import PatientField
from patients.serializers.notes import (
    AmendmentSerializer,
    NoteSerializer,
    NoteUpdateSerializer,
)
from patients.serializers.patients import CpfField, PatientSerializer, PersonField

__all__ = [
    "AccessSerializer",
    "AmendmentSerializer",
    "ConsentSerializer",
    "ConsentTextSerializer",
    "CpfField",
    "DocumentLinkSerializer",
    "DocumentSerializer",
    "DocumentUploadSerializer",
    "NoteSerializer",
    "NoteUpdateSerializer",
    "PatientField",
    "PatientSerializer",
    "PersonField",
    "PrintSerializer",
]
