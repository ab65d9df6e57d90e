"""Routes of exercises, prescriptions and logs, below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from exercises.views import (
    AdherenceView,
    ExerciseLogViewSet,
    ExerciseViewSet,
    PrescriptionViewSet,
)

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("exercises", ExerciseViewSet, basename="exercise")
router.register("prescriptions", PrescriptionViewSet, basename="prescription")
router.register("exercise-logs", ExerciseLogViewSet, basename="exercise-log")
urlpatterns = [
    *router.urls,
    path("patients/<uuid:pk>/adherence", AdherenceView.as_view(), name="patient-adherence"),
]
