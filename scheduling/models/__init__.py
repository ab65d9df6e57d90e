"""The agenda's tables."""

from scheduling.models.appointments import Appointment, AppointmentQuerySet
from scheduling.models.hours import Closure, HoursException, WorkingHours
from scheduling.models.rooms import Room
from scheduling.models.series import Series, SeriesQuerySet

__all__ = [
    "Appointment",
    "AppointmentQuerySet",
    "Closure",
    "HoursException",
    "Room",
    "Series",
    "SeriesQuerySet",
    "WorkingHours",
]
