"""Routes of the trail, below /api/v1/."""

from rest_framework.routers import SimpleRouter

from audit.trail.views import TrailViewSet

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("audit", TrailViewSet, basename="audit")
urlpatterns = router.urls
