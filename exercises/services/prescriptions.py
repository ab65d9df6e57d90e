"""Writes to prescriptions. All lock the patient's row, so an edit and a log take turns."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from accounts.models import User
from core.records import check, insert, insert_all, save_changes
from exercises.access import refuse_prescribing
from exercises.constraints import DOSE, MAX_ITEMS
from exercises.errors import (
    ExerciseNotPrescribable,
    InvalidPrescriptionMove,
    PatientNotPrescribable,
    PrescriptionLocked,
    PrescriptionSuperseded,
    WrongItemCount,
)
from exercises.models import ExerciseLog, Prescription, PrescriptionItem
from exercises.states import REPLACEABLE, PrescriptionStatus, can_move
from patients.models import Patient
from tenants.context import clinic_transaction

_CHANGEABLE = frozenset({"start_date", "end_date", "notes", "status", "closed_on"})
_RELATED = frozenset({"patient", "therapist", "replaces"})  # given: no need to read again


def prescription_create(
    *,
    acting_user: User,
    patient: Patient,
    items: Sequence[Mapping[str, Any]],
    **fields: Any,
) -> Prescription:
    """Prescribe, as the acting therapist; `fields` are start_date, end_date and notes.

    `items` are 1 to 30 mappings with an `exercise`, in the order to do them. Each may set sets,
    repetitions, hold_seconds and frequency_per_week (by default the exercise's own) and `comment`.
    Raises ValidationError (fields), PrescriptionNotPermitted, PatientNotPrescribable,
    WrongItemCount, ExerciseNotPrescribable.
    """
    refuse_prescribing(acting_user)
    prescription = Prescription(patient=patient, **_author(acting_user), **fields)
    rows = _items(prescription, items)
    check(prescription, exclude=_RELATED)

    with clinic_transaction():
        _hold(patient)
        insert(prescription)
        insert_all(rows)

    return prescription


def prescription_update(
    *, acting_user: User, prescription: Prescription, changes: Mapping[str, Any]
) -> Prescription:
    """Change start_date, end_date, notes, `items` (all of them) or status.

    The status may always move along `exercises.states`. The rest may change while the prescription
    is active, the patient hasn't logged against it and the acting therapist is its author; after
    that it raises PrescriptionLocked. Raises what `prescription_create` raises, and
    InvalidPrescriptionMove.
    """
    refuse_prescribing(acting_user)
    fields = {name: value for name, value in changes.items() if name != "items"}
    contents = changes.keys() - {"status"}

    with clinic_transaction():
        prescription = _held(prescription)
        before, after = prescription.status, changes.get("status", prescription.status)
        if not can_move(before, after) or (contents and before != PrescriptionStatus.ACTIVE):
            raise InvalidPrescriptionMove(prescription.pk, before, after)
        if contents and not _may_edit(acting_user, prescription):
            raise PrescriptionLocked(prescription=prescription.pk)

        if before != after:
            fields["closed_on"] = timezone.localdate()
        save_changes(prescription, fields, editable=_CHANGEABLE)
        if "items" in changes:
            _replace_items(prescription, changes["items"])

    return prescription


def prescription_renew(
    *, acting_user: User, prescription: Prescription, changes: Mapping[str, Any]
) -> Prescription:
    """Make a new version as the acting therapist, in force at once; the old one is superseded.

    `changes` are end_date, notes and `items`; what isn't given is copied. When two renew the same
    version, the second gets PrescriptionSuperseded. Raises what `prescription_create` raises, and
    InvalidPrescriptionMove for a completed one.
    """
    refuse_prescribing(acting_user)

    with clinic_transaction():
        old = _held(prescription)
        if old.status == PrescriptionStatus.SUPERSEDED:
            raise PrescriptionSuperseded(prescription=old.pk)
        if old.status not in REPLACEABLE:
            raise InvalidPrescriptionMove(old.pk, old.status, PrescriptionStatus.SUPERSEDED)

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
        check(new, exclude=_RELATED)

        old.status, old.closed_on = PrescriptionStatus.SUPERSEDED, old.closed_on or new.start_date
        old.save(update_fields=["status", "closed_on", "updated_at"])
        insert(new)
        insert_all(rows)

    return new


def _hold(patient: Patient) -> None:
    if not Patient.objects.alive().select_for_update(no_key=True).filter(pk=patient.pk):
        raise PatientNotPrescribable


def _held(prescription: Prescription) -> Prescription:
    """Lock the patient's row until the transaction ends, and read the prescription again."""
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
        usual = {name: getattr(item["exercise"], f"default_{name}") for name in DOSE}
        row = PrescriptionItem(prescription=prescription, position=position, **{**usual, **item})
        check(row, exclude={"prescription", "exercise"})
        rows.append(row)

    return rows


def _copies(new: Prescription, old: Prescription) -> list[PrescriptionItem]:
    """Copy the old version's items, even those whose exercise was deleted."""
    names = ("exercise_id", "position", *DOSE, "comment")
    current = PrescriptionItem.objects.current().filter(prescription=old).values(*names)
    return [PrescriptionItem(prescription=new, **item) for item in current]


def _replace_items(prescription: Prescription, items: Sequence[Mapping[str, Any]]) -> None:
    """Take the old items out, add new ones. The old rows stay, for logs from an offline phone."""
    rows = _items(prescription, items)
    now = timezone.now()

    current = PrescriptionItem.objects.current().filter(prescription=prescription)
    current.update(removed_at=now, updated_at=now)
    insert_all(rows)
    prescription.save(update_fields=["updated_at"])
