"""Everything that can happen to a patient."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError

from accounts.models import User
from core.records import check, insert, insert_all, mark_deleted, refuse_fields, save_changes
from patients.access import refuse_deletion, refuse_registration, writable_fields
from patients.errors import PatientDeleted, TherapistInactive
from patients.models import Patient


def patient_draft(*, acting_user: User | None, **fields: Any) -> Patient:
    """An unsaved patient with these fields of the model, checked by all rules but uniqueness.

    Raises NotPermitted, FieldNotPermitted, TherapistInactive, ValidationError (fields).
    """
    refuse_registration(acting_user)
    given = {field for field, value in fields.items() if value}
    refuse_fields(given, writable_fields(acting_user))
    patient = Patient(**fields)
    _refuse_inactive(patient.therapist)

    _check_draft(patient)
    return patient


def patient_register(*, acting_user: User | None, **fields: Any) -> Patient:
    """Register a patient with the fields of `patient_draft`.

    Raises what it raises, and FieldConflict when another patient of the clinic has the CPF.
    """
    patient = patient_draft(acting_user=acting_user, **fields)
    insert(patient)
    return patient


def patients_register(*, acting_user: User | None, patients: Sequence[Patient]) -> list[Patient]:
    """Write drafts (`patient_draft`), all or none. Raises NotPermitted, FieldConflict."""
    refuse_registration(acting_user)
    return insert_all(patients)


def patient_update(
    *, acting_user: User | None, patient: Patient, changes: Mapping[str, Any]
) -> Patient:
    """Change these fields of a patient, and nothing else of the row.

    Raises FieldNotPermitted, TherapistInactive, PatientDeleted, ValidationError (fields),
    FieldConflict.
    """
    editable = writable_fields(acting_user)
    refuse_fields(changes, editable)
    if "therapist" in changes and changes["therapist"] != patient.therapist:
        _refuse_inactive(changes["therapist"])

    save_changes(
        patient,
        changes,
        editable=editable,
        among=Patient.objects.alive(),
        otherwise=lambda: PatientDeleted(patient=patient.pk),
    )
    return patient


def patient_delete(*, acting_user: User | None, patient: Patient) -> None:
    """Mark the patient as deleted, and free the CPF and the sign-in. The record is kept.

    Deleting twice changes nothing. Raises DeletionNotPermitted.
    """
    refuse_deletion(acting_user)
    mark_deleted(patient, among=Patient.objects.alive(), user=None)


def _refuse_inactive(therapist: User | None) -> None:
    if therapist is not None and not therapist.is_active:
        raise TherapistInactive


def _check_draft(patient: Patient) -> None:
    """Check without a query for each related object: they are already loaded."""
    errors: dict[str, Any] = {field: [error] for field, error in patient.wrong_roles()}
    try:
        check(patient, exclude=patient.people)
    except ValidationError as refused:
        errors = refused.update_error_dict(errors)

    if errors:
        raise ValidationError(errors)
