"""Patients in the clinic's admin: the form says what the service refuses."""

from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client

from patients.models import Patient
from tenants.context import ClinicRoute, clinic_scope
from tests.people import Everybody

LIST = "/admin/patients/patient/"
ANA = {
    "name": "Ana Lima",
    "phone": "5511988887777",
    "cpf": "111.444.777-35",
    "birth_date": "29/02/1992",
    "email": "",
    "therapist": "",
    "medical_history": "Ciatalgia.",
    "user": "",
}


def reasons(answer: Any) -> str:
    """The form's errors."""
    assert answer.status_code == 200
    return str(answer.context_data["adminform"].form.errors)


def test_a_manager_registers_changes_and_deletes(
    manager: Client, norte: ClinicRoute, people: Everybody
) -> None:
    assert manager.post(LIST + "add/", ANA).status_code == 302

    with clinic_scope(norte):
        ana = Patient.objects.get(cpf="11144477735")

    assert ana.phone == "+5511988887777"

    path = f"{LIST}{ana.pk}/"
    change = ANA | {"therapist": people.norte.therapist.pk, "name": "Ana Lima Reis"}

    assert manager.post(path + "change/", change).status_code == 302
    assert manager.post(path + "delete/", {"post": "yes"}).status_code == 302

    with clinic_scope(norte):
        kept = Patient.objects.get(pk=ana.pk)

    assert (kept.name, kept.therapist_id) == ("Ana Lima Reis", people.norte.therapist.pk)
    assert kept.deleted_at is not None
    assert manager.get(path + "change/").status_code == 302


def test_pages_open_and_search_ignores_accents(
    manager: Client, norte: ClinicRoute, people: Everybody
) -> None:
    manager.post(LIST + "add/", ANA | {"name": "Conceição Lima"})

    found: Any = manager.get(LIST, {"q": "conceicao"})

    assert [patient.name for patient in found.context_data["cl"].result_list] == ["Conceição Lima"]
    assert manager.get(LIST + "add/").status_code == 200
    for page in ("change", "delete", "history"):
        assert manager.get(f"{LIST}{people.norte.record.pk}/{page}/").status_code == 200


def test_a_patient_with_appointments_can_be_deleted(
    manager: Client, norte: ClinicRoute, people: Everybody
) -> None:
    path = f"{LIST}{people.norte.record.pk}/delete/"
    assert manager.post(path, {"post": "yes"}).status_code == 302
    with clinic_scope(norte):
        assert not Patient.objects.alive().exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("cpf", "111.444.777-36"), ("phone", "0"), ("birth_date", "01/01/2101"), ("name", "A")],
)
def test_a_wrong_value_is_an_error_of_the_form(manager: Client, field: str, value: Any) -> None:
    assert field in reasons(manager.post(LIST + "add/", ANA | {field: value}))


def test_a_taken_cpf_is_an_error_of_the_form(manager: Client, people: Everybody) -> None:
    assert "cpf" in reasons(manager.post(LIST + "add/", ANA | {"cpf": people.norte.record.cpf}))


def test_a_cpf_taken_between_check_and_write_is_an_error_of_the_form(
    manager: Client, people: Everybody, monkeypatch: pytest.MonkeyPatch
) -> None:
    def see_nothing(patient: Patient, exclude: Any = None) -> None:
        """The check comes a moment before the other one's commit."""

    monkeypatch.setattr(Patient, "validate_constraints", see_nothing)
    assert "cpf" in reasons(manager.post(LIST + "add/", ANA | {"cpf": people.norte.record.cpf}))


def test_an_unknown_constraint_is_an_error_of_the_form(
    manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise IntegrityError

    monkeypatch.setattr(Patient, "save", refuse)
    assert "__all__" in reasons(manager.post(LIST + "add/", ANA))


@pytest.mark.parametrize("role", ["therapist", "receptionist", "patient"])
def test_the_admin_is_for_owner_and_managers(
    people: Everybody, norte: ClinicRoute, role: str
) -> None:
    client = Client(SERVER_NAME="norte.localhost")
    with clinic_scope(norte):
        client.force_login(getattr(people.norte, role))
    assert client.get(LIST).status_code == 302
