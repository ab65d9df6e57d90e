"""One moment of a database: a transaction whose every statement sees the same rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections, transaction
from django.db.transaction import TransactionManagementError
from psycopg import IsolationLevel

# The timeline on which the server writes; NULL in recovery, where nothing is written.
# pg_control_checkpoint() knows of a failover only after the next checkpoint, minutes later.
TIMELINE = """
CASE WHEN NOT pg_is_in_recovery()
     THEN ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END
"""


@contextmanager
def one_snapshot(alias: str, *, read_only: bool) -> Iterator[Any]:
    """A REPEATABLE READ transaction on `alias`; gives its cursor.

    With `read_only` it refuses writes. Raises TransactionManagementError inside a transaction: the
    snapshot must be taken at the first statement, which the backend itself sends.
    """
    connection: Any = connections[alias]
    if connection.in_atomic_block:
        raise TransactionManagementError("A snapshot begins a transaction of its own.")

    # Done later, this could replace the connection by one without the isolation level.
    connection.close_if_health_check_failed()
    connection.ensure_connection()

    raw = connection.connection
    raw.isolation_level, raw.read_only = IsolationLevel.REPEATABLE_READ, read_only

    try:
        with transaction.atomic(using=alias), connection.cursor() as cursor:
            yield cursor
    finally:
        if not raw.closed:
            raw.isolation_level, raw.read_only = None, None
