"""A backup's snapshot: tables keep still while it is read, and two connections read it in order."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from backups import source as sources
from backups.errors import ClinicBusy
from backups.source import doubled, source_of
from fisioflow.devstack.stack import Stack
from patients.models import Patient
from tenants.context import ClinicRoute, clinic_scope
from tenants.postgresql.owner import owner_connection
from tests.backups.rebuilding import somebody
from tests.conftest import FreshClinic

TABLE = "patients_patient"


@pytest.fixture
def many(fresh_clinic: FreshClinic) -> ClinicRoute:
    """A clinic whose patients lie in many blocks, some of them dead, some empty."""
    with clinic_scope(fresh_clinic.route):
        Patient.objects.bulk_create(Patient(**somebody(number)) for number in range(1, 3_000))
        Patient.objects.filter(phone__endswith="7").delete()
        Patient.objects.filter(phone__endswith="3").update(name="Outra Pessoa")
    return fresh_clinic.route


def test_two_connections_read_a_table_in_its_order(many: ClinicRoute, monkeypatch: Any) -> None:
    monkeypatch.setattr(sources, "_SLICE", 3)
    with source_of(many) as source, doubled(source) as fast:
        assert fast.beside is not None
        columns = source.columns()[TABLE]
        with clinic_scope(many):  # the snapshot doesn't see this
            Patient.objects.bulk_create(
                Patient(**somebody(number)) for number in range(5_000, 6_000)
            )
        alone = source.copy_table(TABLE, columns, 0)
        together = fast.copy_table(TABLE, columns, source.blocks()[TABLE])
        assert b"".join(alone) == b"".join(together)
        assert alone.rows == together.rows
        assert alone.rows_hash == together.rows_hash


def test_a_table_that_grew_smaller_or_larger_is_read_to_its_end(
    many: ClinicRoute, monkeypatch: Any
) -> None:
    monkeypatch.setattr(sources, "_SLICE", 3)
    with source_of(many) as source, doubled(source) as fast:
        columns, blocks = source.columns()[TABLE], source.blocks()[TABLE]
        whole = b"".join(source.copy_table(TABLE, columns, 0))
        for believed in (4, blocks - 1, blocks + 100):
            assert b"".join(fast.copy_table(TABLE, columns, believed)) == whole


def test_whoever_stops_halfway_hangs_nowhere(many: ClinicRoute, monkeypatch: Any) -> None:
    monkeypatch.setattr(sources, "_SLICE", 3)
    monkeypatch.setattr("backups.copying.CHUNK", 1_000)
    with source_of(many) as source, doubled(source) as fast:
        rows = iter(fast.copy_table(TABLE, source.columns()[TABLE], source.blocks()[TABLE]))
        next(rows)
        rows.close()  # type: ignore[attr-defined]
    assert source.connection.closed
    with source_of(many) as source:
        assert source.columns()


def test_a_second_connection_waits_behind_nobody(
    many: ClinicRoute, monkeypatch: Any, stack: Stack
) -> None:
    monkeypatch.setattr(sources, "_SLICE", 3)
    with source_of(many) as source, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(_altered, stack, many.schema, "10s")
        _until_somebody_waits(stack, many.schema)
        with doubled(source) as fast:
            assert fast.beside is None  # behind whoever waits for the first, it would wait for ever
            assert b"".join(fast.copy_table(TABLE, source.columns()[TABLE], source.blocks()[TABLE]))
        source.connection.rollback()
        assert waiting.result() == ""


def test_no_table_is_rewritten_while_it_is_read(fresh_clinic: FreshClinic, stack: Stack) -> None:
    schema = fresh_clinic.route.schema
    with source_of(fresh_clinic.route):
        assert _altered(stack, schema, "50ms") == "LockNotAvailable"
        with owner_connection("shard_1") as other:
            lock = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
            assert other.execute(lock, [schema]).fetchone() == (False,)  # tenants.fleet would wait
    assert _altered(stack, schema, "50ms") == ""


def test_a_table_that_is_being_rewritten_is_waited_for(
    fresh_clinic: FreshClinic, stack: Stack
) -> None:
    route = fresh_clinic.route
    with owner_connection("shard_1") as other, ThreadPoolExecutor(1) as pool:
        with other.transaction():
            other.execute(_alter(route.schema))
            reading = pool.submit(_patients_read, route)
            _until_somebody_waits(stack, route.schema)
        assert reading.result() == 1


def test_a_table_that_stays_locked_is_said(fresh_clinic: FreshClinic, monkeypatch: Any) -> None:
    monkeypatch.setattr(sources, "_PATIENCE", "50ms")
    with owner_connection("shard_1") as other, other.transaction():
        other.execute(_alter(fresh_clinic.route.schema))
        with pytest.raises(ClinicBusy), source_of(fresh_clinic.route):
            pass


def _patients_read(route: ClinicRoute) -> int:
    with source_of(route) as source:
        rows = source.copy_table(TABLE, source.columns()[TABLE], 1)
        return b"".join(rows).count(b"\n")


def _alter(schema: str) -> Any:
    return f'ALTER TABLE "{schema}".{TABLE} ALTER COLUMN medical_history TYPE varchar(6000)'


def _altered(stack: Stack, schema: str, patience: str) -> str:
    """The table rewritten; the name of what refused it, empty for nothing."""
    with psycopg.connect(stack.addresses()["SHARD_1_OWNER_URL"], autocommit=True) as connection:
        connection.execute(f"SET lock_timeout = '{patience}'")
        try:
            with connection.transaction():
                connection.execute(_alter(schema))
        except psycopg.errors.LockNotAvailable as error:
            return type(error).__name__
    return ""


def _until_somebody_waits(stack: Stack, schema: str) -> None:
    waits = (
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation"
        " IN (SELECT oid FROM pg_class WHERE relnamespace = to_regnamespace(%s))"
    )
    with psycopg.connect(stack.addresses()["SHARD_1_OWNER_URL"], autocommit=True) as connection:
        while connection.execute(waits, [schema]).fetchone() == (0,):
            pass
