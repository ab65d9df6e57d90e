"""Appointments for the tests of this folder, all on one Monday in norte."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Role, User
from accounts.services import user_create
from patients.models import Patient
from patients.services import patient_register
from scheduling.models import Appointment
from tenants.context import ClinicRoute, clinic_scope
from tests.people import Everybody

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)

At = Callable[..., dict[str, datetime]]
AnAppointment = Callable[..., Appointment]
Body = Callable[..., dict[str, Any]]  # makes a request's body, with the given fields changed


@dataclass(frozen=True)
class Others:
    """A second therapist, and a patient of theirs."""

    therapist: User
    record: Patient


@pytest.fixture
def at() -> At:
    """`at(9)` is nine to ten in the morning, UTC; `at(9.25, minutes=15)`."""

    def times(hour: float, minutes: float = 60) -> dict[str, datetime]:
        start = MONDAY + timedelta(hours=hour)
        return {"start_time": start, "end_time": start + timedelta(minutes=minutes)}

    return times


@pytest.fixture
def booking(people: Everybody, at: At) -> Body:
    """The body of a booking of norte's patient with norte's therapist: `booking(9)` at nine."""

    def make(hour: float = 9, minutes: float = 60, **fields: Any) -> dict[str, Any]:
        who = {"patient": people.norte.record.pk, "therapist": people.norte.therapist.pk}
        times = {name: moment.isoformat() for name, moment in at(hour, minutes).items()}
        return {name: str(value) for name, value in (who | times | fields).items()}

    return make


@pytest.fixture
def others(norte: ClinicRoute, people: Everybody) -> Others:
    """A second therapist, and a patient of theirs, in norte."""
    with clinic_scope(norte):
        therapist = user_create(
            acting_user=None,
            email="second@norte.example",
            full_name="Segunda Terapeuta",
            role=Role.THERAPIST,
            password=None,
            crefito="3/54321-F",
        )
        record = patient_register(
            acting_user=None,
            name="Outro Paciente",
            phone="+5511922222222",
            cpf="11144477735",
            birth_date=datetime(1970, 1, 1, tzinfo=UTC).date(),
            therapist=therapist,
        )

    return Others(therapist=therapist, record=record)


@pytest.fixture
def an_appointment(people: Everybody, at: At) -> AnAppointment:
    """Builds an unsaved appointment of norte's patient with norte's therapist."""

    def build(
        hour: float = 9, minutes: float = 60, patient: Patient | None = None, **fields: Any
    ) -> Appointment:
        who = {"patient": patient or people.norte.record, "therapist": people.norte.therapist}
        return Appointment(**who | at(hour, minutes) | fields)

    return build


def errors_of(answer: Any) -> dict[str, str]:
    """A problem's codes, by pointer or parameter."""
    assert answer["Content-Type"] == "application/problem+json"
    return {e.get("pointer", e.get("parameter")): e["code"] for e in answer.json()["errors"]}
