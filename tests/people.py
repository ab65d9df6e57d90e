"""The types of what the fixtures give a test: the people of two clinics, and their clients."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from rest_framework.test import APIClient

from accounts.models import User
from patients.models import Patient
from tenants.context import ClinicRoute

Result = TypeVar("Result")


@dataclass(frozen=True)
class People:
    """Everybody of one clinic, and the patient's own record."""

    owner: User
    manager: User
    therapist: User
    receptionist: User
    patient: User
    auditor: User
    record: Patient


@dataclass(frozen=True)
class FreshClinic:
    """A committed clinic of one test, with its people."""

    route: ClinicRoute
    people: People

    @property
    def host(self) -> str:
        return f"{self.route.schema.replace('_', '-')}.localhost"


@dataclass(frozen=True)
class Everybody:
    """`people.norte.owner`, `people.sul.patient`, ..."""

    norte: People
    sul: People


class Api(Protocol):
    """`api(person)`: that person's client, on their own clinic's host; `api(None)`: no token."""

    def __call__(self, user: User | None, host: str | None = None, **headers: Any) -> APIClient: ...


class InThreads(Protocol):
    """`in_threads(8, work)` runs `work` in 8 threads that start together; returns the results."""

    def __call__(self, count: int, work: Callable[[], Result]) -> list[Result]: ...
