"""What a restore would change: a clinic's rows compared with those of a schema built aside."""

from dataclasses import dataclass
from typing import Any

from django.db import connections, transaction
from psycopg import sql

from audit.capture.tracked import Tracked, tracked_tables
from backups.errors import RowsUnknown
from backups.restore.staging import Staging
from core.actor import current_actor
from tenants.context import ClinicRoute, clinic_scope


@dataclass(frozen=True, slots=True)
class Difference:
    """For one table: how many rows would come back, go away, and change."""

    table: str
    missing: int
    added: int
    changed: int


def differences(staging: Staging, live: str) -> list[Difference]:
    """The tables where the live schema differs. Both schemas have the same definition."""
    found = []

    with staging.connection.cursor() as cursor:
        for tracked in tracked_tables(cursor):
            cursor.execute(
                sql.SQL(_DIFFERENCES).format(
                    key=sql.Identifier(tracked.key),
                    before=sql.Identifier(staging.schema, tracked.table),
                    live=sql.Identifier(live, tracked.table),
                    old=sql.SQL(tracked.columns_of("b")),
                    new=sql.SQL(tracked.columns_of("l")),
                )
            )

            row: Any = cursor.fetchone()
            missing, added, changed = row
            if missing or added or changed:
                found.append(Difference(tracked.table, missing, added, changed))

    return found


def table_named(name: str, tables: list[Tracked]) -> Tracked | None:
    """The table of this name, or of the model of this name: patients_patient, patient, patients."""
    found = [
        tracked
        for tracked in tables
        if name == tracked.table
        or name.removesuffix("s") == tracked.table.partition("_")[2].removesuffix("s")
    ]
    return found[0] if len(found) == 1 else None


def rows_bring_back(
    *, staging: Staging, route: ClinicRoute, table: str, column: str, value: str
) -> int:
    """Write rows of one table as they are in the schema aside; returns how many.

    An ordinary change: by the application's role, in the current actor's name, with a reason.
    `table` is as in `table_named`. Raises RowsUnknown when there is no such table, column or row,
    IntegrityError when another row is in the way.
    """
    if not current_actor().reason:
        raise ValueError("bring rows back with a reason")

    with staging.connection.cursor() as cursor:
        tracked = table_named(table, tracked_tables(cursor))
    if tracked is None or column not in tracked.columns:
        raise RowsUnknown(table=table, column=column)

    with clinic_scope(route), transaction.atomic(using=route.shard):
        with connections[route.shard].cursor() as cursor:
            cursor.execute(_upsert(staging.schema, tracked, column), [value])
            if not cursor.rowcount:
                raise RowsUnknown(table=table, column=column)
            return int(cursor.rowcount)


def _upsert(staging: str, tracked: Tracked, column: str) -> Any:
    others = [name for name in tracked.columns if name != tracked.key]
    changes = [sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in others]

    return sql.SQL(
        "INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE"
        " SELECT {columns} FROM {aside} WHERE {column}::text = %s"
        " ON CONFLICT ({key}) DO UPDATE SET {changes}"
    ).format(
        table=sql.Identifier(tracked.table),
        aside=sql.Identifier(staging, tracked.table),
        columns=sql.SQL(tracked.columns_of()),
        column=sql.Identifier(column),
        key=sql.Identifier(tracked.key),
        changes=sql.SQL(", ").join(changes),
    )


_DIFFERENCES = """
SELECT count(*) FILTER (WHERE l.{key} IS NULL), count(*) FILTER (WHERE b.{key} IS NULL),
       count(*) FILTER (WHERE l.{key} IS NOT NULL AND b.{key} IS NOT NULL)
  FROM {before} b FULL JOIN {live} l USING ({key}) WHERE ({old}) IS DISTINCT FROM ({new})
"""
