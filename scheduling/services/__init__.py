"""Every write to the agenda, and its free slots."""

from scheduling.services.appointments import (
    appointment_book,
    appointment_cancel,
    appointment_delete,
    appointment_draft,
    appointment_update,
)
from scheduling.services.closures import closure_create, closure_delete, closure_update
from scheduling.services.hours import (
    exception_create,
    exception_delete,
    exception_update,
    hours_create,
    hours_delete,
    hours_update,
)
from scheduling.services.rooms import room_create, room_delete, room_update
from scheduling.services.series import Booked, Preview, Session, series_book, series_preview
from scheduling.services.series_changes import SeriesScope, series_cancel, series_change
from scheduling.services.slots import slots_of

__all__ = [
    "Booked",
    "Preview",
    "SeriesScope",
    "Session",
    "appointment_book",
    "appointment_cancel",
    "appointment_delete",
    "appointment_draft",
    "appointment_update",
    "closure_create",
    "closure_delete",
    "closure_update",
    "exception_create",
    "exception_delete",
    "exception_update",
    "hours_create",
    "hours_delete",
    "hours_update",
    "room_create",
    "room_delete",
    "room_update",
    "series_book",
    "series_cancel",
    "series_change",
    "series_preview",
    "slots_of",
]
