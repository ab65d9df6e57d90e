"""The services of patients, whoever calls them: view, admin or command."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from core.constraints import FieldConflict
from core.errors import FieldNotPermitted
from patients.errors import DeletionNotPermitted, PatientDeleted, TherapistInactive
from patients.models import Patient
from patients.services import patient_delete, patient_register, patient_update
from tenants.context import ClinicRoute, clinic_scope
from tests.people import Everybody, FreshClinic
from tests.racing import race

ANA: dict[str, Any] = {
    "name": "Ana Lima",
    "phone": "+5511988887777",
    "cpf": "11144477735",
    "birth_date": date(1992, 2, 29),
}


def test_the_system_registers_without_an_acting_user(in_norte: ClinicRoute) -> None:
    patient = patient_register(acting_user=None, **ANA | {"medical_history": "Ciatalgia."})
    assert Patient.objects.get(cpf=ANA["cpf"]) == patient


def test_a_taken_cpf_is_a_conflict_and_leaves_the_transaction_usable(
    in_norte: ClinicRoute, people: Everybody
) -> None:
    with pytest.raises(FieldConflict) as refused:
        patient_register(acting_user=None, **ANA | {"cpf": people.norte.record.cpf})
    assert (refused.value.field, refused.value.field_code) == ("cpf", "unique")
    assert people.norte.record.cpf not in str(refused.value)
    patient_register(acting_user=None, **ANA)
    assert Patient.objects.count() == 2


def test_reception_writes_no_clinical_content(in_norte: ClinicRoute, people: Everybody) -> None:
    reception, record = people.norte.receptionist, people.norte.record
    with pytest.raises(FieldNotPermitted):
        patient_register(acting_user=reception, **ANA | {"medical_history": "Ciatalgia."})
    with pytest.raises(FieldNotPermitted):
        patient_update(
            acting_user=reception, patient=record, changes={"medical_history": "Ciatalgia."}
        )


def test_an_update_touches_nothing_else(in_norte: ClinicRoute, people: Everybody) -> None:
    record = Patient.objects.get(pk=people.norte.record.pk)
    Patient.objects.filter(pk=record.pk).update(phone="+5511911111111")
    patient_update(acting_user=None, patient=record, changes={"name": "Paciente Novo"})
    now = Patient.objects.get(pk=record.pk)
    assert (now.name, now.phone) == ("Paciente Novo", "+5511911111111")
    assert now.updated_at > people.norte.record.updated_at
    assert now.search_name == "paciente novo"


def test_an_update_of_nothing_is_no_update(in_norte: ClinicRoute, people: Everybody) -> None:
    record = Patient.objects.get(pk=people.norte.record.pk)
    patient_update(acting_user=None, patient=record, changes={})
    assert Patient.objects.get(pk=record.pk).updated_at == people.norte.record.updated_at


def test_an_update_is_checked_like_a_registration(in_norte: ClinicRoute, people: Everybody) -> None:
    record = Patient.objects.get(pk=people.norte.record.pk)
    with pytest.raises(ValidationError):
        patient_update(acting_user=None, patient=record, changes={"phone": "12 34"})


def test_no_patient_is_assigned_to_a_therapist_who_left(
    in_norte: ClinicRoute, people: Everybody
) -> None:
    User.objects.filter(pk=people.norte.therapist.pk).update(is_active=False)
    gone = User.objects.get(pk=people.norte.therapist.pk)

    with pytest.raises(TherapistInactive):
        patient_register(acting_user=None, **ANA | {"therapist": gone})

    # Their patients stay as they are, and other fields may change.
    record = Patient.objects.get(pk=people.norte.record.pk)
    patient_update(acting_user=None, patient=record, changes={"name": "Outro", "therapist": gone})


def test_deleting_keeps_the_row_and_frees_cpf_and_sign_in(
    in_norte: ClinicRoute, people: Everybody
) -> None:
    record = Patient.objects.get(pk=people.norte.record.pk)
    patient_delete(acting_user=people.norte.manager, patient=record)
    kept = Patient.objects.get(pk=record.pk)

    assert kept.deleted_at is not None
    assert kept.medical_history == people.norte.record.medical_history

    again = patient_register(
        acting_user=None, **ANA | {"cpf": record.cpf, "user": people.norte.patient}
    )
    assert list(Patient.objects.alive()) == [again]


def test_deleting_twice_keeps_the_first_moment(in_norte: ClinicRoute, people: Everybody) -> None:
    record = Patient.objects.get(pk=people.norte.record.pk)
    patient_delete(acting_user=None, patient=record)
    first = Patient.objects.get(pk=record.pk).deleted_at
    patient_delete(acting_user=None, patient=record)
    assert Patient.objects.get(pk=record.pk).deleted_at == first


@pytest.mark.parametrize("role", ["therapist", "receptionist", "patient"])
def test_only_owner_and_managers_delete(
    in_norte: ClinicRoute, people: Everybody, role: str
) -> None:
    with pytest.raises(DeletionNotPermitted):
        patient_delete(acting_user=getattr(people.norte, role), patient=people.norte.record)


def test_a_deleted_patient_does_not_change(in_norte: ClinicRoute, people: Everybody) -> None:
    record = Patient.objects.get(pk=people.norte.record.pk)
    patient_delete(acting_user=None, patient=Patient.objects.get(pk=record.pk))
    with pytest.raises(PatientDeleted):
        patient_update(acting_user=None, patient=record, changes={"name": "Tarde Demais"})


def test_of_two_registrations_of_one_cpf_exactly_one_wins(fresh_clinic: FreshClinic) -> None:
    def register() -> object:
        try:
            with clinic_scope(fresh_clinic.route):
                return patient_register(acting_user=None, **ANA)
        except FieldConflict as refused:
            return refused.field_code

    results = race([register] * 2)

    assert "unique" in results

    with clinic_scope(fresh_clinic.route):
        assert Patient.objects.filter(cpf=ANA["cpf"]).count() == 1
