"""A small library, and a prescription of it for norte's patient by norte's therapist."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Role, User
from accounts.services import user_create
from core.ids import uuid7
from exercises.models import Exercise, ExerciseLog, Prescription, PrescriptionItem
from exercises.services import exercise_create, prescription_create
from patients.models import Patient
from patients.services import patient_register
from tenants.context import ClinicRoute, clinic_scope
from tests.people import Everybody

AnExercise = Callable[..., Exercise]
ALog = Callable[..., ExerciseLog]
Body = Callable[..., dict[str, Any]]  # makes a request's body, with the given fields changed


@dataclass(frozen=True)
class Others:
    """A second therapist, and a patient of theirs with a sign-in."""

    therapist: User
    patient: User
    record: Patient


@pytest.fixture
def an_exercise() -> AnExercise:
    """Builds an unsaved exercise that breaks no rule."""

    def build(**fields: Any) -> Exercise:
        right = {
            "name": "Ponte",
            "body_region": "hip",
            "goal": "strength",
            "instructions": "Eleve a bacia.",
        }
        return Exercise(**right | fields)

    return build


@pytest.fixture
def bridge(norte: ClinicRoute) -> Exercise:
    """An exercise of norte's library: 3 sets of 10, held 5 seconds, 4 days a week."""
    with clinic_scope(norte):
        return exercise_create(
            acting_user=None,
            name="Ponte",
            body_region="hip",
            goal="strength",
            instructions="Eleve a bacia.",
            default_hold_seconds=5,
            default_frequency_per_week=4,
        )


@pytest.fixture
def squat(norte: ClinicRoute) -> Exercise:
    with clinic_scope(norte):
        return exercise_create(
            acting_user=None,
            name="Agachamento",
            body_region="knee",
            goal="function",
            instructions="Dobre os joelhos.",
        )


@pytest.fixture
def others(norte: ClinicRoute) -> Others:
    """A second therapist in norte, and a patient of theirs with a sign-in."""
    with clinic_scope(norte):
        therapist, patient = (
            user_create(
                acting_user=None,
                email=f"second-{role.value}@norte.example",
                full_name=f"Segundo {role.label}",
                role=role,
                password=None,
                crefito="3/54321-F" if role is Role.THERAPIST else "",
            )
            for role in (Role.THERAPIST, Role.PATIENT)
        )
        record = patient_register(
            acting_user=None,
            name="Outro Paciente",
            phone="+5511922222222",
            cpf="11144477735",
            birth_date=datetime(1970, 1, 1, tzinfo=UTC).date(),
            therapist=therapist,
            user=patient,
        )

    return Others(therapist=therapist, patient=patient, record=record)


@pytest.fixture
def today(norte: ClinicRoute) -> date:
    """Today in norte, which differs from UTC's day for some hours."""
    with clinic_scope(norte):
        return timezone.localdate()


@pytest.fixture
def prescription(norte: ClinicRoute, people: Everybody, bridge: Exercise) -> Prescription:
    """The bridge, for norte's patient, for three weeks now."""
    with clinic_scope(norte):
        return prescription_create(
            acting_user=people.norte.therapist,
            patient=people.norte.record,
            start_date=timezone.localdate() - timedelta(days=21),
            items=[{"exercise": bridge}],
        )


@pytest.fixture
def to_prescribe(people: Everybody, bridge: Exercise, squat: Exercise) -> Body:
    """The body of a prescription of two exercises for norte's patient."""

    def make(**fields: Any) -> dict[str, Any]:
        items = [
            {"exercise": str(bridge.pk)},
            {"exercise": str(squat.pk), "sets": 2, "frequency_per_week": 7, "comment": "Devagar."},
        ]
        right = {"patient": str(people.norte.record.pk), "start_date": "2026-03-02"}
        return right | {"items": items} | fields

    return make


@pytest.fixture
def item(norte: ClinicRoute, prescription: Prescription) -> PrescriptionItem:
    """The one item of `prescription`."""
    with clinic_scope(norte):
        return PrescriptionItem.objects.select_related("prescription").get(
            prescription=prescription
        )


@pytest.fixture
def a_log(item: PrescriptionItem) -> ALog:
    """Builds an unsaved log of `item`, done a minute ago."""

    def build(**fields: Any) -> ExerciseLog:
        minute_ago = timezone.now() - timedelta(minutes=1)
        right = {"item": item, "done_at": minute_ago, "sets": 3, "repetitions": 10}
        return ExerciseLog(**right | {"pain": 2, "effort": 4} | fields)

    return build


@pytest.fixture
def log_body(item: PrescriptionItem) -> Body:
    """The body of a log of `item`, done a minute ago; each has its own id."""

    def make(**fields: Any) -> dict[str, Any]:
        done_at = timezone.now().replace(microsecond=0) - timedelta(minutes=1)
        right = {"id": str(uuid7()), "item": str(item.pk), "done_at": done_at.isoformat()}
        return right | {"sets": 3, "repetitions": 10, "pain": 2, "effort": 4} | fields

    return make


def errors_of(answer: Any) -> dict[str, str]:
    """A problem's codes, by pointer or parameter."""
    assert answer["Content-Type"] == "application/problem+json"
    return {e.get("pointer", e.get("parameter")): e["code"] for e in answer.json()["errors"]}
