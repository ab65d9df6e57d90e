"""Routes of the agenda, below /api/v1/."""

from rest_framework.routers import SimpleRouter

from scheduling.views import AppointmentViewSet

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("appointments", AppointmentViewSet, basename="appointment")
urlpatterns = router.urls
