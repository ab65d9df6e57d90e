"""A clinic as one moment saw it: one snapshot of its server, and everything that is read in it.

On a connection of its own, with the application's login, which may read every table. The cost does
not grow with the number of clinics on the server, as pg_dump's does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql

from audit.capture.classification import EXEMPT, Access
from backups.copying import CopyOut, widen
from backups.errors import ClinicBusy, NotAPrimary, SchemaMissing
from backups.manifests import Origin
from tenants.context import ClinicRoute
from tenants.ddl import SchemaDefinition, read_definition
from tenants.errors import ShardUnavailable
from tenants.postgresql.catalogs import RELATIONS
from tenants.postgresql.snapshot import TIMELINE

ROUTING = "clinic_epoch"  # says where the clinic is, and is made anew wherever it is restored

# The clock is read with the snapshot: what the snapshot sees was committed by then.
_ORIGIN = f"""
SELECT pg_is_in_recovery(), s.system_identifier::text, {TIMELINE},
       to_regnamespace(%s)::oid::text, pg_current_snapshot()::text, clock_timestamp(),
       obj_description(to_regnamespace(%s), 'pg_namespace')
  FROM pg_control_system() s
"""
_COLUMNS = f"""
SELECT c.relname::text, array_agg(a.attname::text ORDER BY a.attnum)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE c.oid IN {RELATIONS} AND c.relkind = 'r' AND a.attnum > 0
   AND NOT a.attisdropped AND a.attgenerated = '' AND a.atttypid <> 'xid8'::regtype
 GROUP BY c.relname ORDER BY c.relname
"""
# What COPY writes, and a hash means, must not depend on the server's settings.
EXACT = """
SET LOCAL synchronize_seqscans = off; SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL DateStyle = 'ISO'; SET LOCAL TimeZone = 'UTC'; SET LOCAL extra_float_digits = 1;
SET LOCAL bytea_output = 'hex'; SET LOCAL IntervalStyle = 'postgres';
SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0
"""
# Keeps off who migrates the schema of this name (tenants.fleet) or seals it (audit.seals).
STILL = "SELECT pg_advisory_{}lock_shared(hashtextextended(%s, 0))"
_PATIENCE = "30s"


@dataclass(frozen=True)
class Source:
    """An open snapshot of a clinic's schema."""

    connection: psycopg.Connection[Any]
    origin: Origin
    snapshot: str
    taken_at: datetime  # by the server's clock
    migrations_head: str

    @cached_property
    def definition(self) -> SchemaDefinition:
        """The schema's DDL."""
        with self.connection.cursor() as cursor:
            return read_definition(cursor)

    def columns(self) -> dict[str, list[str]]:
        """The columns to copy of every table with data, in order."""
        with self.connection.cursor() as cursor:
            return table_columns(cursor)

    def copy(self, rows: sql.Composable) -> CopyOut:
        """Rows of the snapshot, as in CopyOut."""
        return CopyOut(self.connection, rows)

    def outlast_crashes(self) -> None:
        """Make sure that no number of a transaction that the snapshot saw is ever given again.

        A server that crashes forgets transactions that never reached its disk, and gives their
        numbers to others, which an increment would take for seen. A later transaction, on the disk,
        rules that out. Call it before the manifest is written.
        """
        with connected(self.origin.shard) as connection:
            connection.execute("SET synchronous_commit = on")
            connection.execute("SELECT pg_logical_emit_message(true, 'fisioflow', 'backup')")


def table_columns(cursor: Any) -> dict[str, list[str]]:
    """The columns of every table with data, of the search path's schema, in order.

    Left out: generated columns, which follow from the others, and xid8, which is given anew to
    every row on the server where it arrives.
    """
    cursor.execute(_COLUMNS)
    return {table: columns for table, columns in cursor.fetchall() if table != ROUTING}


def rows_of_table(table: str, columns: list[str], *, empty: bool = False) -> sql.Composed:
    """What to COPY for the rows of a table (faster than a query); `empty`: for none of them."""
    what = "(SELECT {columns} FROM {table} WHERE false)" if empty else "{table} ({columns})"
    return sql.SQL(what).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)), table=sql.Identifier(table)
    )


def is_ephemeral(table: str) -> bool:
    """Whether the table holds sign-ins: a restored clinic starts without them.

    A backup that brought them back would revive those that were ended since.
    """
    return table in _ephemeral_tables()


def _ephemeral_tables() -> set[str]:
    from django.apps import apps

    writable = {label for label, exempt in EXEMPT.items() if exempt.access is Access.WRITE}
    return {apps.get_model(label)._meta.db_table for label in writable}


@contextmanager
def source_of(route: ClinicRoute) -> Iterator[Source]:
    """Open a snapshot of the clinic.

    Until it is closed no migration of the clinic runs, and no table is rewritten: one that was
    would look empty to the snapshot. Raises SchemaMissing, ClinicBusy when a table is locked,
    NotAPrimary (a standby doesn't know which transactions are open, and would lose their rows),
    ShardUnavailable.
    """
    with connected(route.shard) as connection:
        path = f'"{route.schema}"'
        connection.execute("SELECT set_config('search_path', %s, false)", [f"{path}, pg_temp"])
        connection.execute(f"SET lock_timeout = '{_PATIENCE}'")
        try:
            connection.execute(STILL.format(""), [route.schema])
            tables = _tables(connection)
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            connection.execute(EXACT)
            _hold_still(connection, tables)  # before the first query, which takes the snapshot
        except psycopg.errors.LockNotAvailable as error:
            raise ClinicBusy(schema=route.schema) from error
        row: Any = connection.execute(_ORIGIN, [path, path]).fetchone()
        standby, system, timeline, incarnation, snapshot, taken_at, comment = row
        if standby:
            raise NotAPrimary(shard=route.shard)
        if incarnation is None:
            raise SchemaMissing(schema=route.schema, shard=route.shard)
        origin = Origin(
            shard=route.shard,
            system_identifier=system,
            timeline=timeline,
            incarnation=incarnation,
        )
        widen(connection)
        head = (comment or "").removeprefix("fisioflow:")
        yield Source(connection, origin, snapshot, taken_at, head)


def _tables(connection: psycopg.Connection[Any]) -> list[str]:
    found = connection.execute(
        f"SELECT relname::text FROM pg_class WHERE oid IN {RELATIONS} AND relkind = 'r' ORDER BY 1"
    )
    return [table for (table,) in found]


def _hold_still(connection: psycopg.Connection[Any], tables: list[str]) -> None:
    if tables:
        names = sql.SQL(", ").join(map(sql.Identifier, tables))
        connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(names))


@contextmanager
def connected(shard: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection beside Django's, by the same address, as the application's role.

    Raises ShardUnavailable.
    """
    django: Any = connections[shard]
    params = django.get_connection_params()
    for name in ("cursor_factory", "context", "pool"):
        params.pop(name, None)
    try:
        opened = psycopg.connect(**params, autocommit=True)
    except psycopg.OperationalError as error:
        raise ShardUnavailable(shard=shard) from error
    with opened as connection:
        connection.execute("SELECT set_config('role', %s, false)", [settings.APP_ROLE])
        yield connection
