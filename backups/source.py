"""A clinic as one moment saw it: one snapshot of its server, and everything that is read in it.

On a connection of its own, with the application's login, which may read every table. The cost does
not grow with the number of clinics on the server, as pg_dump's does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql

from audit.classification import EXEMPT, Access
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


_SLICE = 128  # blocks (1 MB) of a table that one of two connections copies at a time
_PAGES = f"""
SELECT c.relname::text, pg_relation_size(c.oid) / current_setting('block_size')::bigint
  FROM pg_class c WHERE c.oid IN {RELATIONS} AND c.relkind = 'r'
"""


@dataclass(frozen=True)
class Source:
    """An open snapshot of a clinic's schema, and perhaps a second connection that sees the same."""

    connection: psycopg.Connection[Any]
    origin: Origin
    snapshot: str
    taken_at: datetime  # by the server's clock
    migrations_head: str
    beside: psycopg.Connection[Any] | None = None

    @cached_property
    def definition(self) -> SchemaDefinition:
        """The schema's DDL."""
        with self.connection.cursor() as cursor:
            return read_definition(cursor)

    def columns(self) -> dict[str, list[str]]:
        """The columns to copy of every table with data, in order."""
        with self.connection.cursor() as cursor:
            return table_columns(cursor)

    def blocks(self) -> dict[str, int]:
        """The size of every table in blocks, by now."""
        return dict(self.connection.execute(_PAGES).fetchall())

    def copy(self, rows: sql.Composable) -> CopyOut:
        """Rows of the snapshot, as in CopyOut."""
        return CopyOut([self.connection], [rows])

    def copy_table(self, table: str, columns: list[str], blocks: int) -> CopyOut:
        """The rows of a table, in the order that they lie in, by both connections if it is large.

        `blocks` is its size by a moment after the snapshot.
        """
        if self.beside is None or blocks <= _SLICE:
            return self.copy(rows_of_table(table, columns))
        slices = [_slice(table, columns, at, blocks) for at in range(0, blocks, _SLICE)]
        return CopyOut([self.connection, self.beside], slices)

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


def rows_of_table(table: str, columns: list[str]) -> sql.Composed:
    """What to COPY for the rows of a table (faster than a query)."""
    return sql.SQL("{table} ({columns})").format(
        table=sql.Identifier(table), columns=sql.SQL(", ").join(map(sql.Identifier, columns))
    )


def no_rows_of_table(table: str, columns: list[str]) -> sql.Composed:
    """What to COPY for none of them."""
    return sql.SQL("(SELECT {columns} FROM {table} WHERE false)").format(
        table=sql.Identifier(table), columns=sql.SQL(", ").join(map(sql.Identifier, columns))
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


def _slice(table: str, columns: list[str], first: int, blocks: int) -> sql.Composed:
    """The query for the rows of some blocks; the last goes on to the end, wherever that is."""
    return sql.SQL("(SELECT {columns} FROM {table} WHERE ctid >= {first}{until})").format(
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        table=sql.Identifier(table),
        first=sql.Literal(f"({first},0)"),
        until=sql.SQL(" AND ctid < {}").format(sql.Literal(f"({first + _SLICE},0)"))
        if first + _SLICE < blocks
        else sql.SQL(""),
    )


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


@contextmanager
def doubled(source: Source) -> Iterator[Source]:
    """The source with a second connection of the same snapshot, where a table is large enough.

    It takes its locks at once or does without: behind somebody who waits for a lock that the first
    connection holds, it would wait for ever.
    """
    if max(source.blocks().values(), default=0) <= _SLICE:
        yield source
        return
    row: Any = source.connection.execute("SELECT pg_export_snapshot()").fetchone()
    path: Any = source.connection.execute("SELECT current_setting('search_path')").fetchone()
    with connected(source.origin.shard) as beside:
        beside.execute("SELECT set_config('search_path', %s, false)", path)
        beside.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        beside.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(row[0])))
        beside.execute(EXACT)
        try:
            _hold_still(beside, _tables(source.connection), wait=False)
        except psycopg.errors.LockNotAvailable:
            yield source
            return
        widen(beside)
        yield replace(source, beside=beside)


def _tables(connection: psycopg.Connection[Any]) -> list[str]:
    found = connection.execute(
        f"SELECT relname::text FROM pg_class WHERE oid IN {RELATIONS} AND relkind = 'r' ORDER BY 1"
    )
    return [table for (table,) in found]


def _hold_still(
    connection: psycopg.Connection[Any], tables: list[str], *, wait: bool = True
) -> None:
    if tables:
        names = sql.SQL(", ").join(map(sql.Identifier, tables))
        lock = sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE{}")
        connection.execute(lock.format(names, sql.SQL("" if wait else " NOWAIT")))


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
