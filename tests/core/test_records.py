"""Records are written in one way: what is refused, in which order, and what is written."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from core.constraints import FieldConflict
from core.errors import Conflict, FieldNotPermitted
from core.records import (
    editable_fields,
    insert_all,
    mark_deleted,
    refuse_fields,
    save_changes,
    swap,
)
from patients.models import Patient
from tenants.context import ClinicRoute
from tests.people import Everybody


@pytest.fixture
def record(in_norte: ClinicRoute, people: Everybody) -> Patient:
    found: Patient = Patient.objects.get(pk=people.norte.record.pk)
    return found


@pytest.mark.without_database
def test_people_set_neither_keys_nor_what_the_database_makes() -> None:
    editable = editable_fields(Patient)

    assert editable[0] == "name"  # in the model's order
    assert not {"id", "created_at", "updated_at", "deleted_at", "search_name"} & set(editable)


@pytest.mark.without_database
def test_the_first_field_that_is_not_editable_is_named() -> None:
    with pytest.raises(FieldNotPermitted) as refused:
        refuse_fields({"zone", "name", "area"}, {"name"})

    assert refused.value.field == "area"


def test_a_change_of_a_field_that_is_not_editable_is_refused_first(record: Patient) -> None:
    with pytest.raises(FieldNotPermitted):
        save_changes(record, {"deleted_at": None, "phone": "12 34"})

    assert record.phone != "12 34"


def test_the_row_is_looked_for_before_its_fields_are_checked(record: Patient) -> None:
    mark_deleted(record, among=Patient.objects.alive())

    with pytest.raises(Conflict):
        save_changes(record, {"phone": "12 34"}, among=Patient.objects.alive())
    with pytest.raises(ValidationError):
        save_changes(record, {"phone": "12 34"})


def test_only_the_changed_fields_are_checked_and_written(record: Patient) -> None:
    Patient.objects.filter(pk=record.pk).update(email="novo@norte.example")
    record.phone = "12 34"  # not among the changes

    save_changes(record, {"name": "Outro Nome"})

    now = Patient.objects.get(pk=record.pk)
    assert (now.name, now.email) == ("Outro Nome", "novo@norte.example")
    assert now.phone == "+5511987654321"
    assert now.updated_at > now.created_at


def test_a_swap_writes_only_while_the_row_is_among_those_given(record: Patient) -> None:
    alive = Patient.objects.alive()

    swap(record, {"name": "Primeiro Nome"}, among=alive, otherwise=Conflict)

    assert Patient.objects.get(pk=record.pk).name == record.name == "Primeiro Nome"

    mark_deleted(record, among=alive)
    with pytest.raises(Conflict):
        swap(record, {"name": "Segundo Nome"}, among=alive, otherwise=Conflict)

    assert record.name == "Primeiro Nome"


def test_a_violated_constraint_is_raised_as_its_rule(record: Patient) -> None:
    twin = Patient(name="Bia", phone="+5511", cpf=record.cpf, birth_date="1990-01-01")

    with pytest.raises(FieldConflict) as refused:
        insert_all([twin])

    assert isinstance(refused.value.__cause__, IntegrityError)
    assert Patient.objects.count() == 1


def test_nothing_is_asked_for_no_records() -> None:
    assert insert_all([]) == []
