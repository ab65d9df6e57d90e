"""One run at a time for each clinic, whichever process and machine it is in."""

from collections.abc import Iterator
from contextlib import contextmanager

from backups.errors import BackupRunning
from backups.source import connected
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
