"""Locks of a clinic: one run at a time, in any process, on any machine.

And the lock that keeps sealing and migrating away from the clinic's schema.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from backups.errors import BackupRunning
from backups.snapshot.connection import connected
from tenants.context import ClinicRoute

# Migrating a schema (tenants.fleet) and sealing its trail (audit.seals) take the same lock, by the
# schema's name, exclusively.
LOCK_SCHEMA = "SELECT pg_advisory_lock_shared(hashtextextended(%s, 0))"
_UNLOCK_SCHEMA = "SELECT pg_advisory_unlock_shared(hashtextextended(%s, 0))"
_LOCK_CLINIC = "SELECT pg_try_advisory_lock(hashtextextended('backups ' || %s, 0))"


@contextmanager
def backup_lock(route: ClinicRoute) -> Iterator[None]:
    """Hold the clinic's lock on its shard. The server releases it when the process dies.

    Raises BackupRunning.
    """
    with connected(route.shard) as connection:
        connection.execute("SET idle_session_timeout = 0")
        row = connection.execute(_LOCK_CLINIC, [str(route.clinic_id)]).fetchone()
        if row is None or not row[0]:
            raise BackupRunning(clinic=route.schema)

        yield


@contextmanager
def neither_sealed_nor_migrated(connection: psycopg.Connection[Any], schema: str) -> Iterator[None]:
    """Wait for a sealing or migration of the schema of this name to end, and let the next one wait.

    Both lock the name, so afterwards they go on in the schema that has it by then. Sealing runs as
    the owner, whom a fence doesn't stop.
    """
    connection.execute(LOCK_SCHEMA, [schema])
    try:
        yield
    finally:
        with suppress(psycopg.OperationalError):  # a broken connection has released it
            connection.execute(_UNLOCK_SCHEMA, [schema])
