"""A clinic as one moment saw it: one snapshot of its server, and everything that is read in it.

Read on a connection of its own, with the application's login, which may read every table. Unlike
pg_dump's, the cost doesn't grow with the number of clinics on the server.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import psycopg
from psycopg import sql

from backups.errors import ClinicBusy, NotAPrimary, SchemaMissing
from backups.format.manifests import Origin
from backups.snapshot.connection import connected
from backups.snapshot.copying import CopyOut, widen
from backups.snapshot.locks import LOCK_SCHEMA
from backups.snapshot.tables import STABLE_OUTPUT, table_columns
from tenants.context import ClinicRoute
from tenants.ddl import SchemaDefinition, read_definition
from tenants.postgresql.catalogs import RELATIONS
from tenants.postgresql.snapshot import TIMELINE

# The clock is read with the snapshot: what the snapshot sees was committed by then.
_ORIGIN = f"""
SELECT pg_is_in_recovery(), s.system_identifier::text, {TIMELINE},
       to_regnamespace(%s)::oid::text, pg_current_snapshot()::text, clock_timestamp(),
       obj_description(to_regnamespace(%s), 'pg_namespace')
  FROM pg_control_system() s
"""
_PATIENCE = "30s"


@dataclass(frozen=True)
class Snapshot:
    """An open snapshot of a clinic's schema. `pg_snapshot` is what PostgreSQL calls it."""

    connection: psycopg.Connection[Any]
    origin: Origin
    pg_snapshot: str
    taken_at: datetime  # by the server's clock
    migration_digest: str

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
        """Make sure that no transaction id that the snapshot saw is ever given again.

        A server that crashes forgets transactions that never reached its disk, and reuses their
        ids, which an increment would then take for seen. A later transaction that is on the disk
        rules that out. Call it before the manifest is written.
        """
        with connected(self.origin.shard) as connection:
            connection.execute("SET synchronous_commit = on")
            connection.execute("SELECT pg_logical_emit_message(true, 'fisioflow', 'backup')")


@contextmanager
def snapshot_of(route: ClinicRoute) -> Iterator[Snapshot]:
    """Open a snapshot of the clinic.

    Until it is closed no migration of the clinic runs, and no table is rewritten: to the snapshot
    a rewritten table would look empty. Raises SchemaMissing, ClinicBusy when a table is locked,
    NotAPrimary (a standby doesn't know which transactions are open, and would lose their rows),
    ShardUnavailable.
    """
    with connected(route.shard) as connection:
        path = f'"{route.schema}"'
        connection.execute("SELECT set_config('search_path', %s, false)", [f"{path}, pg_temp"])
        connection.execute(f"SET lock_timeout = '{_PATIENCE}'")

        try:
            connection.execute(LOCK_SCHEMA, [route.schema])
            tables = _tables(connection)
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            connection.execute(STABLE_OUTPUT)
            _lock_tables(connection, tables)  # before the first query, which takes the snapshot
        except psycopg.errors.LockNotAvailable as error:
            raise ClinicBusy(schema=route.schema) from error

        row: Any = connection.execute(_ORIGIN, [path, path]).fetchone()
        standby, system, timeline, incarnation, pg_snapshot, taken_at, comment = row
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
        digest = (comment or "").removeprefix("fisioflow:")
        yield Snapshot(connection, origin, pg_snapshot, taken_at, digest)


def _tables(connection: psycopg.Connection[Any]) -> list[str]:
    found = connection.execute(
        f"SELECT relname::text FROM pg_class WHERE oid IN {RELATIONS} AND relkind = 'r' ORDER BY 1"
    )
    return [table for (table,) in found]


def _lock_tables(connection: psycopg.Connection[Any], tables: list[str]) -> None:
    if tables:
        names = sql.SQL(", ").join(map(sql.Identifier, tables))
        connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(names))
