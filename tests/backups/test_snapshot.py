"""A backup's snapshot: tables aren't changed in form while it is read."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from backups.errors import ClinicBusy
from backups.snapshot import snapshot as snapshots
from backups.snapshot.snapshot import snapshot_of
from backups.snapshot.tables import rows_of_table
from devstack.stack import Stack
from tenants.context import ClinicRoute
from tenants.postgresql.owner import owner_connection
from tests.people import FreshClinic

TABLE = "patients_patient"


def test_stopping_a_copy_halfway_doesnt_hang(fresh_clinic: FreshClinic) -> None:
    with snapshot_of(fresh_clinic.route) as snapshot:
        columns = snapshot.columns()[TABLE]
        rows = iter(snapshot.copy(rows_of_table(TABLE, columns)))
        next(rows)
        rows.close()  # type: ignore[attr-defined]
    with snapshot_of(fresh_clinic.route) as snapshot:
        assert snapshot.columns()


def test_no_table_is_rewritten_while_it_is_read(fresh_clinic: FreshClinic, stack: Stack) -> None:
    schema = fresh_clinic.route.schema
    with snapshot_of(fresh_clinic.route):
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


def test_a_table_that_stays_locked_is_reported(
    fresh_clinic: FreshClinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "_PATIENCE", "50ms")
    with owner_connection("shard_1") as other, other.transaction():
        other.execute(_alter(fresh_clinic.route.schema))
        with pytest.raises(ClinicBusy), snapshot_of(fresh_clinic.route):
            pass


def _patients_read(route: ClinicRoute) -> int:
    with snapshot_of(route) as snapshot:
        rows = snapshot.copy(rows_of_table(TABLE, snapshot.columns()[TABLE]))
        return b"".join(rows).count(b"\n")


def _alter(schema: str) -> Any:
    return f'ALTER TABLE "{schema}".{TABLE} ALTER COLUMN medical_history TYPE varchar(6000)'


def _altered(stack: Stack, schema: str, patience: str) -> str:
    """Rewrite the table; returns the name of the error that refused it, or ""."""
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
