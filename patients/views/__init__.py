"""Patients and their records over HTTP."""

from patients.views.access_log import AccessLogView
from patients.views.consents import ConsentTextViewSet, ConsentViewSet
from patients.views.documents import DocumentViewSet
from patients.views.notes import NoteViewSet
from patients.views.patients import PatientViewSet

__all__ = [
    "AccessLogView",
    "ConsentTextViewSet",
    "ConsentViewSet",
    "DocumentViewSet",
    "NoteViewSet",
    "PatientViewSet",
]
