"""Routes of the agenda, below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from scheduling.views import (
    AppointmentViewSet,
    ClosureViewSet,
    ExceptionViewSet,
    HoursViewSet,
    RoomViewSet,
    SeriesViewSet,
    SlotView,
)

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("appointments", AppointmentViewSet, basename="appointment")
router.register("rooms", RoomViewSet, basename="room")
router.register("working-hours/exceptions", ExceptionViewSet, basename="hours-exception")
router.register("working-hours", HoursViewSet, basename="working-hours")
router.register("closures", ClosureViewSet, basename="closure")
router.register("series", SeriesViewSet, basename="series")
urlpatterns = [*router.urls, path("slots", SlotView.as_view(), name="slots")]
