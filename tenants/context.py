"""The current clinic: one context variable, entered by a context manager that always restores.

A thread or task that was not given a scope has none, and touching a clinic's data raises.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import count
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tenants.errors import InvalidSchemaName, NoClinicActive, ReservedSchemaName

DIRECTORY = "default"
TEMPLATE_SCHEMA = "_template"  # not a valid clinic name, so no clinic can take it
SERVER_SCHEMA = "pg_catalog"  # for work on a server that may have no template yet
_SCHEMA_NAME = re.compile(r"[a-z][a-z0-9_]{1,48}")
# Schemas that a restore builds beside a clinic's, and those that it replaced: not clinics.
_OF_RESTORES = re.compile(r"(r|before)_[0-9a-f]{12}")
_activations = count(1)


@dataclass(frozen=True, slots=True)
class ClinicRoute:
    """Where a clinic lives. `epoch` grows with every move; a route of an older epoch is refused."""

    clinic_id: UUID
    schema: str
    shard: str
    epoch: int
    time_zone: str = "America/Sao_Paulo"
    plan: str = "starter"
    state: str = ""  # a Brazilian state, for its holidays; empty: only the national ones


@dataclass(frozen=True, slots=True)
class Scope:
    """What the code may touch: a clinic, the platform's directory, or a bare schema of a shard.

    `activation` differs at every entry, so that each entry makes the connections verify the route
    again. A maintenance scope (no clinic) is only for provisioning and migrations.
    """

    activation: int
    clinic: ClinicRoute | None = None
    maintenance_schema: str | None = None

    @property
    def key(self) -> str:
        """The stamp of the scope's objects and querysets."""
        if self.clinic:
            return str(self.clinic.clinic_id)
        return f"schema:{self.maintenance_schema}" if self.maintenance_schema else "platform"


_scope: ContextVar[Scope | None] = ContextVar("fisioflow_scope", default=None)


def check_schema_name(name: str) -> str:
    """Return `name`, or raise InvalidSchemaName. Reserved words of PostgreSQL are quoted anyway."""
    reserved = name in {"public", "information_schema"} or name.startswith("pg_")
    if reserved or not _SCHEMA_NAME.fullmatch(name):
        raise InvalidSchemaName(name)
    return name


def check_clinic_name(name: str) -> str:
    """Return `name` if a clinic may have it: names of restores are reserved.

    Raises InvalidSchemaName, ReservedSchemaName.
    """
    if _OF_RESTORES.fullmatch(check_schema_name(name)):
        raise ReservedSchemaName(name)
    return name


def current_scope() -> Scope | None:
    """The current scope, or None."""
    return _scope.get()


def current_clinic() -> ClinicRoute:
    """The active clinic; raises NoClinicActive when there is none."""
    scope = _scope.get()
    if scope is None or scope.clinic is None:
        raise NoClinicActive
    return scope.clinic


def clinic_transaction(*, durable: bool = False) -> transaction.Atomic:
    """A transaction (inside another: a savepoint) on the current clinic's shard.

    Raises NoClinicActive.
    """
    return transaction.atomic(using=current_clinic().shard, durable=durable)


@contextmanager
def clinic_scope(route: ClinicRoute) -> Iterator[ClinicRoute]:
    """Work inside one clinic: its rows, and its time zone, which decides what a day is."""
    check_schema_name(route.schema)
    with _entered(clinic=route), timezone.override(route.time_zone):
        yield route


@contextmanager
def platform_scope() -> Iterator[None]:
    """Work as the platform: people and sessions come from the directory."""
    with _entered():
        yield


@contextmanager
def maintenance_scope(schema: str) -> Iterator[None]:
    """Work on a bare schema of the shards, with no clinic: provisioning and migrations only."""
    if schema not in {TEMPLATE_SCHEMA, SERVER_SCHEMA}:
        check_schema_name(schema)
    with _entered(maintenance_schema=schema):
        yield


@contextmanager
def _entered(
    clinic: ClinicRoute | None = None, maintenance_schema: str | None = None
) -> Iterator[None]:
    token = _scope.set(Scope(next(_activations), clinic, maintenance_schema))
    try:
        yield
    finally:
        _scope.reset(token)
