"""Names and shards to restore to: refusals before anything is built, and a move tried again."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections
from django.utils import timezone

from backups.format.catalogue import Catalogue
from backups.format.manifests import Signed
from backups.installation import Installation
from backups.restore import restore_as
from backups.restore.fence import fence, is_fenced
from backups.restore.recovery import recover
from backups.restore.swap import restore_points
from backups.stores import Store
from backups.take.making import backup_make
from patients.models import Patient
from tenants.context import clinic_scope, platform_scope
from tenants.errors import ReservedSchemaName
from tenants.models import Clinic
from tenants.postgresql.owner import owner_connection
from tenants.schemas import drop_schema
from tenants.services import clinic_close, clinic_create
from tests.backups.conftest import manifest_of
from tests.backups.rebuilding import backed_up
from tests.people import FreshClinic


@pytest.fixture
def made(fresh_clinic: FreshClinic, configured: Store) -> Signed:
    return backed_up(configured, fresh_clinic.route)


def restore(clinic: str, *options: str) -> None:
    call_command("restore", "latest", "--clinic", clinic, "--noinput", *options)


@pytest.fixture
def nothing_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    def built(*_: Any, **__: Any) -> None:
        raise AssertionError("refused too late")

    monkeypatch.setattr(restore_as, "staged", built)


# --- Names -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["r_0123456789ab", "before_0123456789ab"])
def test_names_of_schemas_aside_are_refused_for_clinics(
    name: str, fresh_clinic: FreshClinic, made: Signed, nothing_is_built: None
) -> None:
    with pytest.raises(CommandError, match="those of restores"):
        restore(fresh_clinic.route.schema, "--as", name)
    with platform_scope(), pytest.raises(ReservedSchemaName):
        clinic_create(
            acting_user=None, schema_name=name, name="Norte", domain="n.localhost", shard="shard_1"
        )


def test_an_invalid_name_and_a_taken_one_are_refused_at_once(
    fresh_clinic: FreshClinic, made: Signed, nothing_is_built: None
) -> None:
    schema = fresh_clinic.route.schema

    with pytest.raises(CommandError, match="lower-case letters"):
        restore(schema, "--as", "Cópia")
    with pytest.raises(CommandError, match="exists already"):
        restore(schema, "--as", "norte")

    with owner_connection("shard_1") as connection:
        connection.execute(f'CREATE SCHEMA "{schema}_x"')
        try:
            with pytest.raises(CommandError, match="isn't the clinic's"):
                restore(schema, "--as", f"{schema}_x")
        finally:
            connection.execute(f'DROP SCHEMA "{schema}_x"')


def test_a_moment_in_the_future_is_refused(fresh_clinic: FreshClinic, made: Signed) -> None:
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    with pytest.raises(CommandError, match="yet to come"):
        restore(fresh_clinic.route.schema, "--at", tomorrow)


def test_a_clinics_id_works_like_its_name(fresh_clinic: FreshClinic, made: Signed) -> None:
    with clinic_scope(fresh_clinic.route):
        Patient.objects.update(name="Outro Nome")
    restore(str(fresh_clinic.route.clinic_id))
    with clinic_scope(fresh_clinic.route):
        assert Patient.objects.get().name == "Paciente Modelo"


# --- Moving to another shard -------------------------------------------------------------------


def test_a_move_that_failed_halfway_can_be_tried_again(
    fresh_clinic: FreshClinic, made: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    route = fresh_clinic.route
    drop_schema(route.shard, route.schema)

    try:
        with monkeypatch.context() as patch:
            fail_to_commit(patch)
            with pytest.raises(CommandError, match="server failed"):
                restore(route.schema, "--shard", "shard_2")

        assert place_of(route.clinic_id) == ("shard_1", route.epoch)

        with owner_connection("shard_2") as connection, connection.cursor() as cursor:
            assert restore_points(cursor, route.clinic_id) == []

            cursor.execute("SELECT to_regnamespace(%s) IS NOT NULL", [route.schema])
            assert cursor.fetchone() == (True,)

        restore(route.schema, "--shard", "shard_2")

        assert place_of(route.clinic_id) == ("shard_2", route.epoch + 1)

        with owner_connection("shard_2") as connection, connection.cursor() as cursor:
            (point,) = restore_points(cursor, route.clinic_id)  # left by the first try
            cursor.execute(f'DROP SCHEMA "{point.schema}" CASCADE')
    finally:
        drop_schema("shard_2", route.schema)


def fail_to_commit(patch: pytest.MonkeyPatch) -> None:
    """Let the directory fail once the shard has committed."""
    real = restore_as._rename

    def named(*arguments: Any) -> None:
        real(*arguments)
        patch.setattr(connections["default"], "_commit", lost)

    def lost() -> None:
        raise OperationalError("server closed the connection unexpectedly")

    patch.setattr(restore_as, "_rename", named)


def place_of(clinic_id: UUID) -> tuple[str, int]:
    with platform_scope():
        clinic = Clinic.objects.get(id=clinic_id)
        return clinic.shard_id, clinic.epoch


def test_another_clinics_schema_is_noticed_before_anything_is_built(
    fresh_clinic: FreshClinic, made: Signed, nothing_is_built: None
) -> None:
    route = fresh_clinic.route
    drop_schema(route.shard, route.schema)

    with owner_connection("shard_2") as connection:
        connection.execute(f'CREATE SCHEMA "{route.schema}"')
        try:
            with pytest.raises(CommandError, match="Look into it"):
                restore(route.schema, "--shard", "shard_2")
        finally:
            connection.execute(f'DROP SCHEMA "{route.schema}"')


def test_a_closed_clinic_whose_schema_was_lost_stays_closed(
    fresh_clinic: FreshClinic, made: Signed
) -> None:
    route = fresh_clinic.route
    with platform_scope():
        clinic_close(acting_user=None, schema_name=route.schema)
    drop_schema(route.shard, route.schema)
    restore(route.schema)
    with owner_connection(route.shard) as connection:
        row = connection.execute(f'SELECT state FROM "{route.schema}".clinic_epoch').fetchone()

    assert row == ("closed",)


# --- Small things ------------------------------------------------------------------------------


def test_closed_clinics_are_pruned_too(
    fresh_clinic: FreshClinic, configured: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = fresh_clinic.route.schema
    with platform_scope():
        clinic = Clinic.objects.get(schema_name=schema)
    backup_make(Installation(), clinic=clinic)
    with platform_scope():
        clinic_close(acting_user=None, schema_name=schema)
    call_command("prune_backups", "--dry-run")

    assert f"{schema}: 0 would be removed, 1 stay" in capsys.readouterr().out


def test_a_fence_is_found_among_all_clinics(fresh_clinic: FreshClinic) -> None:
    schema, shard = fresh_clinic.route.schema, fresh_clinic.route.shard
    with owner_connection(shard) as connection:
        fence(connection, schema)
        assert recover(shard) == [schema]
        assert not is_fenced(connection, schema)
        assert recover(shard) == []


@pytest.mark.without_database
def test_backups_are_sorted_by_the_servers_clock() -> None:
    """Ids follow the clocks of the machines that back up."""
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    later = manifest_of(created_at=noon + timedelta(hours=1))
    earlier = manifest_of(created_at=noon)

    assert later.backup_id < earlier.backup_id

    catalogue = Catalogue([Signed(later, "a"), Signed(earlier, "b")])
    assert [signed.manifest for signed in catalogue] == [earlier, later]

    latest = catalogue.latest()
    assert latest is not None
    assert latest.manifest == later
