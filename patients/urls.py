"""Routes of the patients, below /api/v1/."""

from rest_framework.routers import SimpleRouter

from patients.views import PatientViewSet

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("patients", PatientViewSet, basename="patient")
urlpatterns = router.urls
