"""Every write to the library, the prescriptions and the logs."""

from exercises.services.exercises import exercise_create, exercise_delete, exercise_update
from exercises.services.library import library_load
from exercises.services.logs import log_draft, logs_record
from exercises.services.prescriptions import (
    prescription_create,
    prescription_renew,
    prescription_update,
)

__all__ = [
    "exercise_create",
    "exercise_delete",
    "exercise_update",
    "library_load",
    "log_draft",
    "logs_record",
    "prescription_create",
    "prescription_renew",
    "prescription_update",
]
