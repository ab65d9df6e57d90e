"""Records what patients did. Like an edit of the prescription, this locks the patient's row."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from accounts.models import User
from core.records import check, insert_all
from exercises.errors import LogDiffers, LogNotPermitted
from exercises.models import ExerciseLog
from patients.models import Patient
from tenants.context import clinic_transaction

_CONTENTS = ("item_id", "done_at", "sets", "repetitions", "pain", "effort", "comment")


def log_draft(**fields: Any) -> ExerciseLog:
    """Build a log and check its values; nothing is written.

    Takes `id` (made by the phone), `item`, `done_at`, `sets`, `repetitions`, `pain`, `effort` and
    optionally `comment`. Raises ValidationError.
    """
    log = ExerciseLog(**fields)
    check(log, exclude={"item"})
    return log


def logs_record(
    *, acting_user: User, logs: Sequence[ExerciseLog]
) -> list[tuple[ExerciseLog, bool]]:
    """Store the acting patient's drafts: all or none.

    Returns the stored logs in order, each with whether it is new: a log that is already stored with
    the same contents isn't stored again. Raises LogNotPermitted for an item of another patient, and
    LogDiffers.
    """
    with clinic_transaction():
        patient = Patient.objects.alive().select_for_update(no_key=True).filter(user=acting_user)
        held = patient.first()
        if held is None or any(row.item.prescription.patient_id != held.pk for row in logs):
            raise LogNotPermitted

        stored: dict[UUID, ExerciseLog] = ExerciseLog.objects.in_bulk([row.pk for row in logs])
        known = set(stored)
        for row in logs:
            stored.setdefault(row.pk, row)
        if differing := [row.pk for row in logs if not _same(row, stored[row.pk])]:
            raise LogDiffers(differing)

        insert_all([row for key, row in stored.items() if key not in known])

    return [(stored[row.pk], stored[row.pk] is row) for row in logs]


def _same(one: ExerciseLog, other: ExerciseLog) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in _CONTENTS)
