"""One rule, three layers: every case of `rules/*.json` against the API, the model, the database."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.db import models

from accounts.models import User
from patients.models import Patient
from patients.serializers import PatientSerializer
from patients.services import patient_draft
from scheduling.models import Appointment
from scheduling.serializers import AppointmentSerializer
from scheduling.services import appointment_draft
from tenants.context import ClinicRoute
from tests.people import Everybody
from tests.rules.vectors import LAYERS, Case, by_api, by_database, by_model, cases, python_value

# In norte (UTC-3) it is still the 30th; in UTC the 31st has begun.
NOW = "2026-03-30T23:30:00-03:00"
CASES = cases()


@dataclass(frozen=True)
class Entity:
    """The model that a vector file is about, and what checks it."""

    model: type[models.Model]
    serializer: type[Any]
    draft: Callable[..., models.Model]


ENTITIES = {
    "patient": Entity(Patient, PatientSerializer, patient_draft),
    "appointment": Entity(Appointment, AppointmentSerializer, appointment_draft),
}


@pytest.fixture
def named(people: Everybody) -> dict[str, models.Model]:
    """What `<record>` and the like stand for in the vectors."""
    norte = people.norte

    return {
        "<record>": norte.record,
        "<therapist>": norte.therapist,
        "<owner>": norte.owner,
        "<patient>": norte.patient,
        "<elsewhere>": people.sul.therapist,
    }


def objects(values: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    return {n: named.get(v, v) if isinstance(v, str) else v for n, v in values.items()}


def ids(values: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    made = objects(values, named)
    return {n: str(v.pk) if isinstance(v, models.Model) else v for n, v in made.items()}


def instance_of(entity: Entity, values: dict[str, Any], named: dict[str, Any]) -> models.Model:
    fields = {field.name: field for field in entity.model._meta.fields}
    given = {n: python_value(fields[n], v) for n, v in objects(values, named).items()}
    return entity.model(**given)


def judged(case: Case, layer: str, owner: User, named: dict[str, Any]) -> Any:
    """What the layer says about the case."""
    entity = ENTITIES[case.entity]

    if layer == "api":
        request = SimpleNamespace(user=owner)
        serializer = entity.serializer(context={"request": request})
        values = ids(case.values, named)
        return by_api(lambda: entity.draft(acting_user=owner, **serializer.run_validation(values)))
    if layer == "model":
        return by_model(instance_of(entity, case.values, named))

    return by_database(instance_of(entity, case.stored, named))


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.entity}: {case.name}")
def test_every_layer_says_the_same(
    case: Case,
    layer: str,
    people: Everybody,
    named: dict[str, models.Model],
    in_norte: ClinicRoute,
) -> None:
    if layer in case.silent:
        return

    with time_machine.travel(NOW, tick=False):
        said = judged(case, layer, people.norte.owner, named)

    assert said == case.expected_of(layer)


def test_an_accepted_input_is_kept_in_its_stored_form(
    named: dict[str, models.Model], people: Everybody, in_norte: ClinicRoute
) -> None:
    request = SimpleNamespace(user=people.norte.owner)
    tidied = [case for case in CASES if case.expected is None and case.stored != case.values]

    for case in tidied:
        entity = ENTITIES[case.entity]
        serializer = entity.serializer(context={"request": request})
        with time_machine.travel(NOW, tick=False):
            values = serializer.run_validation(ids(case.values, named))
            made = entity.draft(acting_user=people.norte.owner, **values)

        wanted = instance_of(entity, case.stored, named)
        for name in case.stored:
            assert getattr(made, name) == getattr(wanted, name), (case.name, name)


def test_there_are_enough_cases_and_each_has_its_own_name() -> None:
    assert len(CASES) >= 150
    names = Counter((case.entity, case.name) for case in CASES)
    assert [name for name, count in names.items() if count > 1] == []


def test_a_layer_without_a_say_is_named_with_its_reason() -> None:
    for case in CASES:
        assert set(case.silent) < set(LAYERS), case.name
        assert all(len(reason) > 10 for reason in case.silent.values()), case.name
        assert set(case.differs) <= set(LAYERS), case.name
