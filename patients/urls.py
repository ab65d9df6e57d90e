"""Routes of the patients and their records, below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from patients.views import (
    AccessLogView,
    ConsentTextViewSet,
    ConsentViewSet,
    DocumentViewSet,
    NoteViewSet,
    PatientViewSet,
)

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("patients", PatientViewSet, basename="patient")
router.register("notes", NoteViewSet, basename="note")
router.register("consent-texts", ConsentTextViewSet, basename="consent-text")
router.register("consents", ConsentViewSet, basename="consent")
router.register("documents", DocumentViewSet, basename="document")
urlpatterns = [
    *router.urls,
    path("patients/<uuid:pk>/access-log", AccessLogView.as_view(), name="patient-access-log"),
]
