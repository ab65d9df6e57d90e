"""Connections to a clinic's database that go round the ORM, and reading of the trail."""

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest
from django.db import connections
from psycopg.conninfo import make_conninfo

from audit.trail.entries import Place
from audit.trail.feed import Trail
from devstack.stack import Stack
from patients.models import Patient
from tenants.context import clinic_scope
from tests.audit.fixture_types import AsApplication, Connection, Sql
from tests.audit.tampering import CONTENT, problems, seal
from tests.people import FreshClinic

ACTOR = '{"label":"Ana Souza","user_id":"01890000-0000-7000-8000-000000000001"}'


@pytest.fixture
def as_application(fresh_clinic: FreshClinic, stack: Stack) -> Iterator[AsApplication]:
    """Logins as the application's role, for an attacker who has its password."""
    url = make_conninfo(stack.addresses()["SHARD_1_URL"])
    opened: list[Connection] = []

    def connect(path: str = "", actor: str = ACTOR) -> Connection:
        connection = psycopg.connect(url, autocommit=True)
        opened.append(connection)
        connection.execute(
            "SELECT set_config('search_path', %s, false), set_config('fisioflow.actor', %s, false)",
            [path or f'"{fresh_clinic.route.schema}", pg_temp', actor],
        )
        return connection

    yield connect
    for connection in opened:
        connection.close()


@pytest.fixture
def sql() -> Sql:
    """`sql("SELECT ...", [...])` in the current clinic, as the application."""

    def run(statement: str, params: Sequence[Any] | None = None) -> list[Any]:
        with connections["shard_1"].cursor() as cursor:
            cursor.execute(statement, params)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def chart(fresh_clinic: FreshClinic) -> FreshClinic:
    """A clinic whose patient has three versions under two seals."""
    with clinic_scope(fresh_clinic.route):
        Patient.objects.update(medical_history=f"{CONTENT} 1")
    seal(fresh_clinic.route)
    with clinic_scope(fresh_clinic.route):
        Patient.objects.update(medical_history=f"{CONTENT} 2")
    seal(fresh_clinic.route)

    assert problems(fresh_clinic.route) == set()

    return fresh_clinic


def everything(trail: Trail, size: int) -> list[Place]:
    """The places of all entries, read in pages of this size."""
    places: list[Place] = []
    while page := trail.page(size, after=places[-1] if places else None):
        places += [entry.place for entry in page]
    return places
