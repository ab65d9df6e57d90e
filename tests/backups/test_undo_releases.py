"""A restore is undone after a release, whose migrations the replaced schema lacks."""

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from backups.errors import ClinicBehind, SchemaTooNew
from backups.restore import fence
from backups.restore.fence import is_fenced
from backups.restore.swap import restore_points
from backups.restore.undo import restore_undo
from backups.stores import Store
from core.actor import acting_as_job
from patients.models import Patient
from tenants.context import clinic_scope, platform_scope
from tenants.fleet import clinics_behind, migration_digest
from tenants.postgresql.owner import owner_connection
from tenants.schemas import write_digest
from tests.backups.rebuilding import backed_up, somebody
from tests.backups.test_restore import drifted, restored
from tests.people import FreshClinic


@pytest.fixture
def replaced(fresh_clinic: FreshClinic, configured: Store) -> str:
    """A restore that took the second patient away; returns the schema with both."""
    made = backed_up(configured, fresh_clinic.route)
    with clinic_scope(fresh_clinic.route):
        Patient.objects.create(**somebody(1))
    return str(restored(configured, fresh_clinic, made).restore_point)


def names(clinic: FreshClinic) -> set[str]:
    with clinic_scope(clinic.route):
        return {patient.name for patient in Patient.objects.all()}


def test_an_older_releases_schema_is_migrated_before_it_is_live_again(
    fresh_clinic: FreshClinic, replaced: str, request: pytest.FixtureRequest
) -> None:
    route = fresh_clinic.route
    request.getfixturevalue("release")
    call_command("migrate_clinics", verbosity=0)
    with acting_as_job("undo_restore"):
        point = restore_undo(route=route, discard=True)

    assert point.digest == migration_digest()

    with platform_scope():
        assert route.schema not in clinics_behind(route.shard)

    assert names(fresh_clinic) == {"Paciente Modelo", "Paciente 1"}

    with clinic_scope(route), connections[route.shard].cursor() as cursor:
        cursor.execute("SELECT nickname FROM patients_patient")  # of the release

        assert drifted() == []

        Patient.objects.create(**somebody(2))


def test_a_refused_undo_keeps_what_it_migrated(
    fresh_clinic: FreshClinic, replaced: str, request: pytest.FixtureRequest
) -> None:
    route = fresh_clinic.route
    request.getfixturevalue("release")
    call_command("migrate_clinics", verbosity=0)
    with clinic_scope(route):
        Patient.objects.create(**somebody(2))

    with acting_as_job("undo_restore"), pytest.raises(Exception, match="--discard"):
        restore_undo(route=route)

    with owner_connection(route.shard) as connection, connection.cursor() as cursor:
        (point,) = restore_points(cursor, route.clinic_id)

    assert (point.schema, point.digest) == (replaced, migration_digest())
    assert names(fresh_clinic) == {"Paciente Modelo", "Paciente 2"}


def test_a_clinic_that_lacks_the_releases_migrations_is_refused(
    fresh_clinic: FreshClinic, replaced: str, configured: Store, request: pytest.FixtureRequest
) -> None:
    route = fresh_clinic.route
    request.getfixturevalue("release")

    with acting_as_job("undo_restore"), pytest.raises(ClinicBehind):
        restore_undo(route=route)
    with pytest.raises(CommandError, match="migrate_clinics"):
        call_command("restore", "latest", "--clinic", route.schema, "--noinput")

    with owner_connection(route.shard) as connection:
        assert not is_fenced(connection, route.schema)


def test_a_newer_releases_schema_is_refused(fresh_clinic: FreshClinic, replaced: str) -> None:
    route = fresh_clinic.route
    of_tomorrow(route.shard, replaced)
    with acting_as_job("undo_restore"), pytest.raises(SchemaTooNew, match="of_tomorrow"):
        restore_undo(route=route)
    assert names(fresh_clinic) == {"Paciente Modelo"}


def test_a_newer_releases_backup_is_refused_before_writes_are(
    fresh_clinic: FreshClinic, configured: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    route = fresh_clinic.route
    of_tomorrow(route.shard, route.schema)

    with owner_connection(route.shard) as connection, connection.cursor() as cursor:
        write_digest(cursor, route.schema, "f" * 32)
        backed_up(configured, route)
        write_digest(cursor, route.schema, migration_digest())

    monkeypatch.setattr(fence, "fence", lambda *_: pytest.fail("refused too late"))

    with pytest.raises(CommandError, match="9999_of_tomorrow"):
        call_command("restore", "latest", "--clinic", route.schema, "--noinput")


def of_tomorrow(shard: str, schema: str) -> None:
    with owner_connection(shard) as connection:
        connection.execute(
            psycopg.sql.SQL(
                "INSERT INTO {} (app, name, applied) VALUES ('patients', '9999_of_tomorrow', now())"
            ).format(psycopg.sql.Identifier(schema, "django_migrations"))
        )
