"""The agenda over HTTP."""

from scheduling.views.appointments import AppointmentViewSet
from scheduling.views.hours import ClosureViewSet, ExceptionViewSet, HoursViewSet
from scheduling.views.rooms import RoomViewSet
from scheduling.views.series import SeriesViewSet
from scheduling.views.slots import SlotView

__all__ = [
    "AppointmentViewSet",
    "ClosureViewSet",
    "ExceptionViewSet",
    "HoursViewSet",
    "RoomViewSet",
    "SeriesViewSet",
    "SlotView",
]
