"""Everything that can happen to a patient."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import router, transaction
from django.utils import timezone

from accounts.models import User
from core.constraints import refusals
from core.errors import FieldNotPermitted
from patients.access import may_delete, writable_fields
from patients.errors import DeletionNotPermitted, PatientDeleted, TherapistInactive
from patients.models import Patient


def patient_draft(
    *,
    acting_user: User | None,
    name: str,
    phone: str,
    cpf: str,
    birth_date: date,
    email: str = "",
    medical_history: str = "",
    therapist: User | None = None,
    user: User | None = None,
) -> Patient:
    """A new patient that follows every rule but those about other rows; nothing is written.

    Raises ValidationError (fields), FieldNotPermitted, TherapistInactive.
    """
    patient = Patient(
        name=name,
        phone=phone,
        cpf=cpf,
        birth_date=birth_date,
        email=email,
        medical_history=medical_history,
        therapist=therapist,
        user=user,
    )
    given = {"medical_history": medical_history, "user": user}
    _refuse_fields({field for field, value in given.items() if value}, acting_user)
    _refuse_inactive(therapist)
    _clean_draft(patient)
    return patient


def patient_register(*, acting_user: User | None, **fields: Any) -> Patient:
    """A new patient of the clinic, with the fields of `patient_draft`.

    Raises like it, and FieldConflict when another patient of the clinic has the CPF.
    """
    patient = patient_draft(acting_user=acting_user, **fields)
    _save(patient)
    return patient


def patients_register(*, patients: list[Patient]) -> list[Patient]:
    """Write drafts (`patient_draft`), all or none. Raises FieldConflict as `patient_register`."""
    with refusals(), transaction.atomic(using=router.db_for_write(Patient)):
        return Patient.objects.bulk_create(patients)


def patient_update(
    *, acting_user: User | None, patient: Patient, changes: Mapping[str, Any]
) -> Patient:
    """Changes fields of a patient, and nothing else of the row.

    Raises like `patient_register`, and PatientDeleted.
    """
    _refuse_fields(set(changes), acting_user)
    if not changes:
        return patient
    if "therapist" in changes and changes["therapist"] != patient.therapist:
        _refuse_inactive(changes["therapist"])
    for field, value in changes.items():
        setattr(patient, field, value)
    with transaction.atomic(using=router.db_for_write(Patient)):
        # Deleted since it was read: the row lock makes this and `patient_delete` take turns.
        if not Patient.objects.alive().select_for_update(no_key=True).filter(pk=patient.pk):
            raise PatientDeleted(patient=patient.pk)
        unchanged = {field.name for field in Patient._meta.fields} - changes.keys()
        _clean(patient, exclude=unchanged)
        _save(patient, update_fields=[*changes, "updated_at"])
    return patient


def patient_delete(*, acting_user: User | None, patient: Patient) -> None:
    """Marks the patient as deleted and frees CPF and sign-in; the record is kept.

    Deleting twice changes nothing. Raises DeletionNotPermitted.
    """
    if not may_delete(acting_user):
        raise DeletionNotPermitted
    now = timezone.now()
    Patient.objects.alive().filter(pk=patient.pk).update(deleted_at=now, updated_at=now, user=None)


def _refuse_fields(given: set[str], acting_user: User | None) -> None:
    for field in sorted(given - writable_fields(acting_user)):
        raise FieldNotPermitted(field)


def _refuse_inactive(therapist: User | None) -> None:
    if therapist is not None and not therapist.is_active:
        raise TherapistInactive


def _clean(patient: Patient, *, exclude: Collection[str] = ()) -> None:
    # Constraints are the database's to judge: asking it first would only race with others.
    patient.full_clean(exclude=exclude, validate_unique=False, validate_constraints=False)


def _clean_draft(patient: Patient) -> None:
    """As `_clean`, but the related objects, which are at hand, aren't read again one by one."""
    errors: dict[str, Any] = {field: [error] for field, error in patient.wrong_roles()}
    try:
        _clean(patient, exclude={"therapist", "user"})
    except ValidationError as refused:
        errors = refused.update_error_dict(errors)
    if errors:
        raise ValidationError(errors)


def _save(patient: Patient, **options: Any) -> None:
    with refusals(), transaction.atomic(using=router.db_for_write(Patient)):
        patient.save(**options)
