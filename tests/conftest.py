"""The people and places of every test: two clinics on two shards, and somebody in every role.

The servers are real and belong to this run (devstack). Tests run in transactions that are
rolled back; the ones that need commits or threads take `fresh_clinic`.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import hypothesis
import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connections, migrations
from django.db.migrations.loader import MigrationLoader
from pytest_django import DjangoDbBlocker
from rest_framework.test import APIClient

from accounts.models import Role, TokenFamily, User
from accounts.services import user_create
from accounts.sessions import token_issue
from core.ids import uuid7
from patients.models import Patient
from tenants import fleet
from tenants.context import ClinicRoute, clinic_scope, platform_scope
from tenants.fleet import server_cursor
from tenants.models import Clinic
from tenants.postgresql.owner import as_owner
from tenants.schemas import drop_schema
from tenants.services import clinic_create
from tests.people import Api, Everybody, FreshClinic, InThreads, People, Result
from tests.unattended import product_begins_unattended, the_test_acts

# No test looks at the clock to pass: a slow machine draws its examples slowly, too.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")

PASSWORD = "correct horse battery"
CPF_OF_PATIENT = "52998224725"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        commits = "fresh_clinic" in getattr(item, "fixturenames", ())
        if not commits and item.get_closest_marker("without_database") is None:
            item.add_marker(pytest.mark.django_db(databases="__all__"))


def populate(route: ClinicRoute) -> People:
    """One person for every role of the clinic, and a record for the patient."""
    users = {
        role.value: user_create(
            acting_user=None,
            email=f"{role.value}@{route.schema}.example",
            full_name=f"{role.value.title()} {route.schema.title()}",
            role=role,
            password=PASSWORD,
            crefito="3/12345-F" if role is Role.THERAPIST else "",
        )
        for role in Role
        if role is not Role.PLATFORM
    }

    record = Patient.objects.create(
        name="Paciente Modelo",
        phone="+5511987654321",
        cpf=CPF_OF_PATIENT,
        birth_date="1980-05-17",
        medical_history="Lombalgia.",
        therapist=users["therapist"],
        user=users["patient"],
    )

    return People(record=record, **users)


def make_clinic(schema: str, shard: str) -> tuple[ClinicRoute, People]:
    """A committed clinic with its people, on its own host `<schema>.localhost`."""
    made: list[People] = []

    with platform_scope(), the_test_acts():
        clinic = clinic_create(
            acting_user=None,
            schema_name=schema,
            name=f"Clínica {schema.title()}",
            domain=f"{schema.replace('_', '-')}.localhost",
            shard=shard,
            populate=lambda route: made.append(populate(route)),
        )

    return clinic.route, made[0]


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> None:
    """Migrate the run's own servers and create norte and sul, once."""
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0)
        call_command("migrate_clinics", verbosity=0)
        _clinics["norte"] = make_clinic("norte", "shard_1")
        _clinics["sul"] = make_clinic("sul", "shard_2")


_clinics: dict[str, tuple[ClinicRoute, People]] = {}


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


@pytest.fixture(scope="session", autouse=True)
def nobody_acts_for_the_product() -> Iterator[None]:
    """Commands, tasks and requests bring their own actor, as in production."""
    with product_begins_unattended():
        yield


@pytest.fixture(autouse=True)
def somebody_acts() -> Iterator[None]:
    """What a test writes by itself is written by `job:tests`."""
    with the_test_acts():
        yield


@pytest.fixture
def norte(django_db_setup: None) -> ClinicRoute:
    return _clinics["norte"][0]


@pytest.fixture
def sul(django_db_setup: None) -> ClinicRoute:
    return _clinics["sul"][0]


@pytest.fixture
def people(django_db_setup: None) -> Everybody:
    return Everybody(norte=_clinics["norte"][1], sul=_clinics["sul"][1])


@pytest.fixture
def in_norte(norte: ClinicRoute) -> Iterator[ClinicRoute]:
    with clinic_scope(norte):
        yield norte


@pytest.fixture
def in_platform(django_db_setup: None) -> Iterator[None]:
    with platform_scope():
        yield


def forget_events(route: ClinicRoute) -> None:
    """Delete the events of a lasting clinic, which the application itself can't do."""
    with as_owner(route.shard), clinic_scope(route), connections[route.shard].cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM audit_event)")
        if cursor.fetchone()[0]:
            cursor.execute("ALTER TABLE audit_event DISABLE TRIGGER USER")
            cursor.execute("DELETE FROM audit_event")
            cursor.execute("ALTER TABLE audit_event ENABLE TRIGGER USER")


@pytest.fixture
def fresh_clinic(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[FreshClinic]:
    """A throwaway clinic on shard_1 for tests with real commits: no transaction surrounds them."""
    with django_db_blocker.unblock():
        route, people = make_clinic(f"t{uuid7().hex[-12:]}", "shard_1")
        try:
            yield FreshClinic(route, people)
        finally:
            drop_schema(route.shard, route.schema)

            for lasting, _ in _clinics.values():  # what these tests commit elsewhere: sign-ins
                with clinic_scope(lasting):
                    TokenFamily.objects.all().delete()
                forget_events(lasting)

            with platform_scope():
                Clinic.objects.filter(id=route.clinic_id).delete()
            connections.close_all()


@pytest.fixture
def api() -> Api:
    def client(user: User | None, host: str | None = None, **headers: Any) -> APIClient:
        route = route_of(user) if user else _clinics["norte"][0]
        name = host or f"{route.schema.replace('_', '-')}.localhost"
        made = APIClient(SERVER_NAME=name, **headers)

        if user:
            with clinic_scope(route):
                made.credentials(HTTP_AUTHORIZATION=f"Bearer {token_issue(user=user).access}")

        return made

    return client


def route_of(user: User) -> ClinicRoute:
    """The clinic that the user was loaded from, by their stamp."""
    clinic_id = user._state.db.scope_key  # type: ignore[union-attr]
    with platform_scope():
        clinic: Clinic = Clinic.objects.get(id=clinic_id)
    return clinic.route


@pytest.fixture
def in_threads() -> InThreads:
    def run(count: int, work: Callable[[], Result]) -> list[Result]:
        barrier = threading.Barrier(count)

        def one() -> Result:
            barrier.wait()
            try:
                with the_test_acts():
                    return work()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(max_workers=count) as pool:
            return [done.result() for done in [pool.submit(one) for _ in range(count)]]

    return run


NICKNAME = "0099_nickname"


@pytest.fixture
def release(
    fresh_clinic: FreshClinic, monkeypatch: pytest.MonkeyPatch
) -> Iterator[type[migrations.Migration]]:
    """A new release whose migration adds a column; taken back after the test."""

    class AddNickname(migrations.Migration):
        dependencies = [("patients", "0001_tables")]
        operations = [migrations.RunSQL("ALTER TABLE patients_patient ADD COLUMN nickname text")]

    def with_release(loader: MigrationLoader) -> None:
        original(loader)
        assert loader.disk_migrations is not None
        loader.disk_migrations["patients", NICKNAME] = AddNickname(NICKNAME, "patients")

    original = MigrationLoader.load_disk
    before = fleet.migration_digest()
    monkeypatch.setattr(MigrationLoader, "load_disk", with_release)
    forget_targets()

    yield AddNickname

    monkeypatch.undo()
    forget_targets()
    for shard in ("shard_1", "shard_2"):
        with as_owner(shard), server_cursor(shard) as cursor:
            cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|public|info)'")
            for (schema,) in cursor.fetchall():
                cursor.execute(
                    f'ALTER TABLE "{schema}".patients_patient DROP COLUMN IF EXISTS nickname;'
                    f"DELETE FROM \"{schema}\".django_migrations WHERE name = '{NICKNAME}';"
                    f"COMMENT ON SCHEMA \"{schema}\" IS 'fisioflow:{before}'"
                )


def forget_targets() -> None:
    """The fleet reads the migrations anew."""
    fleet.migration_digest.cache_clear()
    fleet.clinical_targets.cache_clear()
