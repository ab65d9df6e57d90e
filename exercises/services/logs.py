"""Recording what patients did. Like an edit of the prescription, it locks the patient's row."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import router, transaction

from accounts.models import User
from core.constraints import refusals
from exercises.errors import LogDiffers, LogNotPermitted
from exercises.models import ExerciseLog
from patients.models import Patient

_CONTENTS = ("item_id", "done_at", "sets", "repetitions", "pain", "effort", "comment")


def log_draft(**fields: Any) -> ExerciseLog:
    """Build a log and check its values; nothing is written.

    Takes `id` (made by the phone), `item`, `done_at`, `sets`, `repetitions`, `pain`, `effort` and
    optionally `comment`. Raises ValidationError.
    """
    log = ExerciseLog(**fields)
    log.full_clean(exclude={"item"}, validate_unique=False, validate_constraints=False)
    return log


def logs_record(
    *, acting_user: User, logs: Sequence[ExerciseLog]
) -> list[tuple[ExerciseLog, bool]]:
    """Store the acting patient's drafts: all or none.

    Returns the stored logs in order, each with whether it is new: a log that is already stored with
    the same contents isn't stored again. Raises LogNotPermitted for an item of another patient, and
    LogDiffers.
    """
    with _transaction():
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

        new = [row for key, row in stored.items() if key not in known]
        with refusals(), _transaction():
            ExerciseLog.objects.bulk_create(new)

    return [(stored[row.pk], stored[row.pk] is row) for row in logs]


def _transaction() -> transaction.Atomic:
    return transaction.atomic(using=router.db_for_write(ExerciseLog))


def _same(one: ExerciseLog, other: ExerciseLog) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in _CONTENTS)
