"""Everything that can happen to a prescription, and the logs of what was done of it.

All of it takes turns on the patient's row: a log and an edit that race are one before the other.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import router, transaction
from django.utils import timezone

from accounts.models import User
from core.constraints import refusals
from exercises.access import refuse_prescribing
from exercises.constraints import MAX_ITEMS
from exercises.errors import (
    ExerciseNotPrescribable,
    InvalidPrescriptionMove,
    LogDiffers,
    LogNotPermitted,
    PatientNotPrescribable,
    PrescriptionLocked,
    PrescriptionSuperseded,
    WrongItemCount,
)
from exercises.models import ExerciseLog, Prescription, PrescriptionItem
from exercises.states import REPLACEABLE, Status, can_move
from patients.models import Patient

_DOSE = ("sets", "repetitions", "hold_seconds", "frequency_per_week")
_LOGGED = ("item_id", "done_at", "sets", "repetitions", "pain", "effort", "comment")


def prescription_create(
    *,
    acting_user: User,
    patient: Patient,
    items: Sequence[Mapping[str, Any]],
    **fields: Any,
) -> Prescription:
    """A new prescription by the acting therapist; `fields` are start_date, end_date and notes.

    `items`: 1 to 30 mappings with `exercise`, in the order to do them. Sets, repetitions,
    hold_seconds and frequency_per_week are the exercise's unless given; `comment` may be.
    Raises ValidationError (fields), PrescriptionNotPermitted, PatientNotPrescribable,
    WrongItemCount, ExerciseNotPrescribable.
    """
    refuse_prescribing(acting_user)
    prescription = Prescription(patient=patient, **_author(acting_user), **fields)
    rows = _items(prescription, items)
    _check(prescription)
    with _transaction():
        _hold(patient)
        prescription.save(force_insert=True)
        PrescriptionItem.objects.bulk_create(rows)
    return prescription


def prescription_update(
    *, acting_user: User, prescription: Prescription, changes: Mapping[str, Any]
) -> Prescription:
    """Changes start_date, end_date, notes, `items` (all of them) or status.

    The status may always move along `exercises.states`; the rest may change as long as the
    prescription is active, the patient hasn't logged against it and the acting therapist wrote it:
    PrescriptionLocked. Raises like `prescription_create`, InvalidPrescriptionMove too.
    """
    refuse_prescribing(acting_user)
    fields = {name: value for name, value in changes.items() if name != "items"}
    contents = changes.keys() - {"status"}
    with _transaction():
        prescription = _held(prescription)
        before, after = prescription.status, changes.get("status", prescription.status)
        if not can_move(before, after) or (contents and before != Status.ACTIVE):
            raise InvalidPrescriptionMove(prescription.pk, before, after)
        if contents and not _may_edit(acting_user, prescription):
            raise PrescriptionLocked(prescription=prescription.pk)
        for name, value in fields.items():
            setattr(prescription, name, value)
        if before != after:
            prescription.closed_on = timezone.localdate()
        _check(prescription)
        if fields:
            prescription.save(update_fields=[*fields, "closed_on", "updated_at"])
        if "items" in changes:
            _replace_items(prescription, changes["items"])
    return prescription


def prescription_renew(
    *, acting_user: User, prescription: Prescription, changes: Mapping[str, Any]
) -> Prescription:
    """A new version by the acting therapist, in force at once; the old one is superseded.

    `changes` are end_date, notes and `items`; what isn't given stays. Of two who renew the same
    version one gets PrescriptionSuperseded. Raises like `prescription_create`, and
    InvalidPrescriptionMove for a completed one.
    """
    refuse_prescribing(acting_user)
    with _transaction():
        old = _held(prescription)
        if old.status == Status.SUPERSEDED:
            raise PrescriptionSuperseded(prescription=old.pk)
        if old.status not in REPLACEABLE:
            raise InvalidPrescriptionMove(old.pk, old.status, Status.SUPERSEDED)
        new = Prescription(
            patient=old.patient,
            **_author(acting_user),
            start_date=max(old.start_date, timezone.localdate()),
            end_date=changes.get("end_date", old.end_date),
            notes=changes.get("notes", old.notes),
            version=old.version + 1,
            replaces=old,
        )
        rows = _items(new, changes["items"]) if "items" in changes else _copies(new, old)
        _check(new)
        old.status, old.closed_on = Status.SUPERSEDED, old.closed_on or new.start_date
        old.save(update_fields=["status", "closed_on", "updated_at"])
        with refusals():
            new.save(force_insert=True)
        PrescriptionItem.objects.bulk_create(rows)
    return new


def log_draft(**fields: Any) -> ExerciseLog:
    """A log to record, its values checked: `id` (made by the phone), `item`, `done_at`, sets,
    repetitions, pain, effort and maybe `comment`. Raises ValidationError."""
    log = ExerciseLog(**fields)
    log.full_clean(exclude={"item"}, validate_unique=False, validate_constraints=False)
    return log


def logs_record(
    *, acting_user: User, logs: Sequence[ExerciseLog]
) -> list[tuple[ExerciseLog, bool]]:
    """Stores drafts of what the acting patient did: all or none.

    Returns, in order, the stored logs and whether each is new: one that is stored already, with the
    same contents, isn't stored again. Raises LogNotPermitted for another's item, LogDiffers.
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
    return transaction.atomic(using=router.db_for_write(Prescription))


def _hold(patient: Patient) -> None:
    if not Patient.objects.alive().select_for_update(no_key=True).filter(pk=patient.pk):
        raise PatientNotPrescribable


def _held(prescription: Prescription) -> Prescription:
    """The prescription as it is now, which nobody changes or logs against until the end."""
    _hold(prescription.patient)
    now: Prescription = Prescription.objects.select_related("patient").get(pk=prescription.pk)
    return now


def _author(therapist: User) -> dict[str, Any]:
    return {
        "therapist": therapist,
        "therapist_name": therapist.full_name,
        "therapist_crefito": therapist.crefito,
    }


def _may_edit(acting_user: User, prescription: Prescription) -> bool:
    logged = ExerciseLog.objects.filter(item__prescription=prescription)
    return prescription.therapist_id == acting_user.pk and not logged.exists()


def _items(
    prescription: Prescription, items: Sequence[Mapping[str, Any]]
) -> list[PrescriptionItem]:
    if not items:
        raise WrongItemCount("empty")
    if len(items) > MAX_ITEMS:
        raise WrongItemCount("max_length")
    if any(item["exercise"].deleted_at for item in items):
        raise ExerciseNotPrescribable
    rows = []
    for position, item in enumerate(items, start=1):
        usual = {name: getattr(item["exercise"], f"default_{name}") for name in _DOSE}
        row = PrescriptionItem(prescription=prescription, position=position, **{**usual, **item})
        row.full_clean(
            exclude={"prescription", "exercise"}, validate_unique=False, validate_constraints=False
        )
        rows.append(row)
    return rows


def _copies(new: Prescription, old: Prescription) -> list[PrescriptionItem]:
    """The old version's items for the new one, those with a deleted exercise included."""
    names = ("exercise_id", "position", *_DOSE, "comment")
    current = PrescriptionItem.objects.current().filter(prescription=old).values(*names)
    return [PrescriptionItem(prescription=new, **item) for item in current]


def _replace_items(prescription: Prescription, items: Sequence[Mapping[str, Any]]) -> None:
    """What an offline phone has seen stays, taken out: its logs still find their item."""
    rows = _items(prescription, items)
    now = timezone.now()
    current = PrescriptionItem.objects.current().filter(prescription=prescription)
    current.update(removed_at=now, updated_at=now)
    with refusals(), _transaction():
        PrescriptionItem.objects.bulk_create(rows)
    prescription.save(update_fields=["updated_at"])


def _check(prescription: Prescription) -> None:
    prescription.full_clean(
        exclude={"patient", "therapist", "replaces"},
        validate_unique=False,
        validate_constraints=False,
    )


def _same(one: ExerciseLog, other: ExerciseLog) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in _LOGGED)
