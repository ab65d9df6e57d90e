"""One run at a time for each clinic, whichever process and machine it is in; what waits for it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from backups.errors import BackupRunning
from backups.source import STILL, connected
from tenants.context import ClinicRoute

_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('backups ' || %s, 0))"


@contextmanager
def sole_run(route: ClinicRoute) -> Iterator[None]:
    """Hold the clinic's lock on its shard; a process that dies gives it back.

    Raises BackupRunning.
    """
    with connected(route.shard) as connection:
        connection.execute("SET idle_session_timeout = 0")
        row = connection.execute(_LOCK, [str(route.clinic_id)]).fetchone()
        if row is None or not row[0]:
            raise BackupRunning(clinic=route.schema)
        yield


@contextmanager
def neither_sealed_nor_migrated(connection: psycopg.Connection[Any], schema: str) -> Iterator[None]:
    """Let whoever seals or migrates the schema of this name wait, and wait for them.

    They lock the name, so they go on in the schema that has it by then. The owner seals, whom a
    fence doesn't hold.
    """
    connection.execute(STILL.format(""), [schema])
    try:
        yield
    finally:
        with suppress(psycopg.OperationalError):  # a connection that broke gave it back
            connection.execute(STILL.format("un"), [schema])
