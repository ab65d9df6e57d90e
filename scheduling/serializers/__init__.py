"""What the agenda looks like in the API."""

from scheduling.serializers.appointments import AppointmentSerializer, AppointmentUpdateSerializer
from scheduling.serializers.hours import (
    ClosureSerializer,
    ExceptionSerializer,
    ExceptionUpdateSerializer,
    HoursSerializer,
    HoursUpdateSerializer,
)
from scheduling.serializers.rooms import RoomSerializer
from scheduling.serializers.series import (
    SeriesBookedSerializer,
    SeriesBookSerializer,
    SeriesChangedSerializer,
    SeriesChangeSerializer,
    SeriesPreviewSerializer,
    SeriesSerializer,
)
from scheduling.serializers.slots import SlotListSerializer, SlotQuerySerializer

__all__ = [
    "AppointmentSerializer",
    "AppointmentUpdateSerializer",
    "ClosureSerializer",
    "ExceptionSerializer",
    "ExceptionUpdateSerializer",
    "HoursSerializer",
    "HoursUpdateSerializer",
    "RoomSerializer",
    "SeriesBookSerializer",
    "SeriesBookedSerializer",
    "SeriesChangeSerializer",
    "SeriesChangedSerializer",
    "SeriesPreviewSerializer",
    "SeriesSerializer",
    "SlotListSerializer",
    "SlotQuerySerializer",
]
