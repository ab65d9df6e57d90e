"""A clinic's writes are refused while it is restored: the application loses its right to write.

That takes effect in every session at once. Reads go on, and so do the events that they leave. A
refused write is answered with 503 and Retry-After (tenants.postgresql.restore_errors finds out
why). If the process that set the fence dies, `recover` (the next restore, drill or undo) lifts it.
"""

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from psycopg import sql

from audit.capture.privileges import grant
from backups.errors import ClinicBusy, SchemaMissing
from backups.restore.versions import refuse_behind
from tenants.context import ClinicRoute
from tenants.errors import ShardUnavailable
from tenants.postgresql.owner import owner_connection
from tenants.schemas import schema_exists

PATIENCE = 30.0  # seconds for transactions under way to end
_POLL = 0.05  # seconds
_WRITABLE = """
SELECT relname::text FROM pg_class
 WHERE relnamespace = to_regnamespace(%s) AND relkind = 'r'
   AND has_table_privilege(%s, oid, 'UPDATE')
"""
_FENCED = """
SELECT n.nspname::text FROM pg_namespace n WHERE n.nspname = ANY(%s) AND NOT EXISTS (
    SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind = 'r'
       AND has_table_privilege(%s, c.oid, 'UPDATE'))
"""
# A writer holds this lock until its transaction ends, and took it before PostgreSQL checked its
# right to write. So once no such lock is left, every writer that still had the right has ended.
_WRITERS = """
SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
 WHERE l.locktype = 'relation' AND l.mode = 'RowExclusiveLock' AND l.granted
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND c.relnamespace = to_regnamespace(%s) AND c.relkind = 'r' AND NOT EXISTS (
       SELECT FROM aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
        WHERE r.rolname = %s AND a.privilege_type = 'INSERT')
"""


@contextmanager
def fenced(connection: psycopg.Connection[Any], route: ClinicRoute) -> Iterator[None]:
    """Refuse writes to the schema that has this name now, not to the one that takes its place.

    The fence stays when the block ends, because by then the schema was swapped; it is lifted when
    the block raises. Raises SchemaMissing, ClinicBehind, SchemaTooNew, ClinicBusy.
    """
    schema = route.schema
    with connection.cursor() as cursor:
        if not schema_exists(cursor, schema):
            raise SchemaMissing(schema=schema)
        refuse_behind(connection, schema)
        cursor.execute("SELECT to_regnamespace(%s)::oid", [f'"{schema}"'])
        oid: Any = cursor.fetchone()

    fence(connection, schema)
    try:
        yield
    except BaseException:
        _lift_unless_swapped(route.shard, schema, oid[0])
        raise


def fence(connection: psycopg.Connection[Any], schema: str, *, patience: float = PATIENCE) -> None:
    """Refuse writes, and wait until those under way have ended; `connection` is the owner's.

    Raises ClinicBusy, with the fence lifted again, when they don't end within `patience` seconds.
    """
    tables = connection.execute(_WRITABLE, [f'"{schema}"', settings.APP_ROLE]).fetchall()
    with connection.transaction():
        for (table,) in tables:
            connection.execute(
                sql.SQL("REVOKE INSERT, UPDATE, DELETE ON {} FROM {}").format(
                    sql.Identifier(schema, table), sql.Identifier(settings.APP_ROLE)
                )
            )
        _touch(connection, schema)

    deadline = time.monotonic() + patience
    while _writers(connection, schema):
        if time.monotonic() > deadline:
            lift(connection, schema)
            raise ClinicBusy(schema=schema)
        time.sleep(_POLL)


def lift(connection: psycopg.Connection[Any], schema: str) -> None:
    """Give the application its rights back."""
    with connection.transaction(), connection.cursor() as cursor:
        path = f'"{schema}", pg_temp'
        cursor.execute("SELECT set_config('search_path', %s, true)", [path])
        grant(cursor, f'"{schema}"', in_directory=False)
        _touch(connection, schema)


def fenced_among(connection: psycopg.Connection[Any], schemas: Collection[str]) -> set[str]:
    """Those of the schemas that exist, and in which the application may change no table."""
    found = connection.execute(_FENCED, [list(schemas), settings.APP_ROLE]).fetchall()
    return {schema for (schema,) in found}


def is_fenced(connection: psycopg.Connection[Any], schema: str) -> bool:
    """Whether the application may change no table of the schema."""
    return not connection.execute(_WRITABLE, [f'"{schema}"', settings.APP_ROLE]).fetchall()


def _lift_unless_swapped(shard: str, schema: str, oid: int) -> None:
    """Lift the fence on a connection of its own: the other connection may be what failed."""
    try:
        with owner_connection(shard) as connection:
            row: Any = connection.execute(
                "SELECT to_regnamespace(%s)::oid", [f'"{schema}"']
            ).fetchone()
            if row[0] == oid:
                lift(connection, schema)
    except (ShardUnavailable, psycopg.OperationalError):
        pass  # the server is down: `recover` lifts the fence when it is back


def _touch(connection: psycopg.Connection[Any], schema: str) -> None:
    """Write the routing row again, so that sessions notice that something came in between."""
    connection.execute(
        sql.SQL("UPDATE {} SET state = state").format(sql.Identifier(schema, "clinic_epoch"))
    )


def _writers(connection: psycopg.Connection[Any], schema: str) -> int:
    row: Any = connection.execute(_WRITERS, [f'"{schema}"', settings.APP_ROLE]).fetchone()
    return int(row[0])
