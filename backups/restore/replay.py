"""Reading increments back: their rows into temporary tables, and from there into the clinic's.

The connection's search path is the schema that is being restored: its tables have the rows of the
full backup, and no rules (keys, triggers) before everything is in place. Several increments are
read one after the other, then applied together.

backups/store_readme/increments.sql does the same for a person without this software.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import psycopg
from psycopg import sql

from audit.capture.tracked import Tracked
from backups.errors import WrongContent
from backups.format.increment_format import (
    TRACKED,
    Appended,
    Temporary,
    appended_tables,
    live_name,
    read_tracked,
    temporary_delta,
    temporary_live,
    temporary_tracked,
)
from backups.format.keys import Identity
from backups.format.manifests import Manifest, Table
from backups.format.sealing import unseal
from backups.snapshot.tables import table_columns
from backups.stores import Store
from tenants.schemas import advance_sequences

Connection = psycopg.Connection[Any]
_MOMENTS = "delta_moments"
_LAST = "delta_last"
_REACHED = "SELECT max(moment), coalesce(bool_and(by_commit), true) FROM pg_temp.delta_moments"


@dataclass(frozen=True, slots=True)
class Applied:
    """What was applied.

    `changes` counts rows of histories and of the trail, up to the commit at `reached` (None: there
    were none): by the time of commits, or of the changes themselves where `by_commit` is False.
    `lost` counts values of which the history had only the digest: passwords that must be set anew.
    """

    changes: int
    reached: datetime | None
    by_commit: bool
    lost: int


def read_increment(
    connection: Connection, store: Store, manifest: Manifest, identities: list[Identity]
) -> None:
    """Load the increment into temporary tables, beside what is in them already.

    Raises StoreError, and CutShort, Altered and the like for an object that isn't as it was
    written. Then nothing was loaded.
    """
    with connection.transaction():
        (data,) = manifest.objects
        with _Loading(connection, manifest) as loading:
            unseal(store, data, identities, loading.take)
        loading.check(data.key)


def apply_increment(connection: Connection, until: datetime | None = None) -> Applied:
    """Apply what was read: the transactions that committed until then (None: all of them).

    Appends the rows of histories; then sets each row that changed to its last image. Where the
    server of the backup kept no times of commits, a transaction counts by its last change. Drops
    the temporary tables.
    """
    with connection.transaction(), connection.cursor() as cursor:
        present = _temporary_tables(cursor)
        deltas = [a for a in appended_tables(cursor) if a.delta in present]
        if not deltas:
            return Applied(0, None, by_commit=True, lost=0)

        _find_moments(cursor, deltas, until)
        changes = sum(_append(cursor, appended) for appended in deltas)
        changed = {appended.table for appended in deltas}

        histories = read_tracked(cursor) if TRACKED in present else []
        lost = sum(_merge(cursor, t, live_name(t.table) in present) for t in histories)
        advance_sequences(cursor, [*changed, *(t.table for t in histories)])

        cursor.execute(_REACHED)
        row: Any = cursor.fetchone()
        for name in (*present, _MOMENTS):
            cursor.execute(sql.SQL("DROP TABLE pg_temp.{}").format(sql.Identifier(name)))

    return Applied(changes, row[0], by_commit=row[1], lost=lost)


class _Loading:
    """Takes the script's bytes, and gives the rows among them to COPY."""

    def __init__(self, connection: Connection, manifest: Manifest) -> None:
        self._cursor, self._stack = connection.cursor(), ExitStack()
        self._tables = _temporaries(self._cursor)
        self._left = list(manifest.tables)
        self._copy: Any = None
        self._at = 0
        self._wrong = False

    def __enter__(self) -> Self:
        self._stack.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)
        self._cursor.close()

    def take(self, data: bytes) -> None:
        """The next bytes."""
        while data:
            here = self._step(data)
            self._at += here
            data = data[here:]

    def check(self, key: str) -> None:
        """Raises WrongContent unless every table of the manifest came with its rows."""
        if self._left or self._wrong:
            raise WrongContent(key)

    def _step(self, data: bytes) -> int:
        """Deal with the first bytes, as many as belong together; returns how many."""
        if not self._left:
            return len(data)

        table = self._left[0]
        if self._at < table.first_byte:
            return min(len(data), table.first_byte - self._at)

        if self._copy is None:
            self._begin(table)

        here = min(len(data), table.end_byte - self._at)
        self._copy.write(data[:here])
        if self._at + here == table.end_byte:
            self._end(table)

        return here

    def _begin(self, table: Table) -> None:
        temporary = self._tables[table.name]
        self._cursor.execute(temporary.make)
        self._copy = self._stack.enter_context(self._cursor.copy(temporary.begin))

    def _end(self, table: Table) -> None:
        self._stack.close()
        self._copy = None
        self._wrong |= self._cursor.rowcount != table.rows
        self._left.pop(0)


def _temporaries(cursor: Any) -> dict[str, Temporary]:
    """Every temporary table that there can be, by name."""
    found = [
        temporary_tracked(),
        *(temporary_delta(appended) for appended in appended_tables(cursor)),
        *(temporary_live(table, columns) for table, columns in table_columns(cursor).items()),
    ]
    return {temporary.name: temporary for temporary in found}


def _temporary_tables(cursor: Any) -> set[str]:
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'"
        " AND (relname LIKE 'delta\\_%' OR relname LIKE 'live\\_%')"
    )
    return {row[0] for row in cursor.fetchall()}


def _find_moments(cursor: Any, deltas: list[Appended], until: datetime | None) -> None:
    """Make a table of the transactions to apply, each as a whole, with their moments."""
    written = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT written_by, committed_at, changed_at FROM pg_temp.{}").format(
            sql.Identifier(appended.delta)
        )
        for appended in deltas
    )

    cursor.execute(
        sql.SQL(
            "CREATE TEMPORARY TABLE {moments} AS SELECT written_by,"
            " coalesce(max(committed_at), max(changed_at)) AS moment,"
            " max(committed_at) IS NOT NULL AS by_commit FROM ({written}) w GROUP BY written_by"
            " HAVING {until}::timestamptz IS NULL"
            " OR coalesce(max(committed_at), max(changed_at)) <= {until}::timestamptz;"
            " ANALYZE pg_temp.{moments}"
        ).format(
            moments=sql.Identifier(_MOMENTS),
            written=written,
            until=sql.Literal(until.isoformat() if until else None),
        )
    )


def _append(cursor: Any, appended: Appended) -> int:
    cursor.execute(
        sql.SQL(
            "INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE"
            " SELECT {columns} FROM pg_temp.{delta} JOIN pg_temp.{moments} USING (written_by)"
        ).format(
            table=sql.Identifier(appended.table),
            columns=_names(appended.columns),
            delta=sql.Identifier(appended.delta),
            moments=sql.Identifier(_MOMENTS),
        )
    )

    return int(cursor.rowcount)


def _merge(cursor: Any, tracked: Tracked, has_live: bool) -> int:
    """Set each changed row to its last image; returns how many values couldn't be found again."""
    parts = {
        "last": sql.Identifier(_LAST),
        "table": sql.Identifier(tracked.table),
        "key": sql.Identifier(tracked.key),
        "columns": _names(tracked.columns),
        "delta": sql.Identifier(f"delta_{tracked.history}"),
        "moments": sql.Identifier(_MOMENTS),
    }
    cursor.execute(
        sql.SQL(
            "CREATE TEMPORARY TABLE {last} AS SELECT DISTINCT ON ({key}) {columns}, history_type"
            " FROM pg_temp.{delta} JOIN pg_temp.{moments} USING (written_by)"
            " ORDER BY {key}, history_id DESC"
        ).format(**parts)
    )

    lost = sum(_find_values(cursor, tracked, column, has_live) for column in tracked.digests)

    cursor.execute(
        sql.SQL(
            "ANALYZE pg_temp.{last};"
            " DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM pg_temp.{last});"
            " INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE"
            " SELECT {columns} FROM pg_temp.{last} WHERE history_type <> '-';"
            " DROP TABLE pg_temp.{last}"
        ).format(**parts)
    )

    return lost


def _find_values(cursor: Any, tracked: Tracked, column: str, has_live: bool) -> int:
    """Put values in place of their digests: from the row as it was, or from a row carried along.

    Returns how many weren't found: a value that came and went within one increment is in neither.
    It becomes `!` and its digest, which Django takes for an unusable password.
    """
    known = [tracked.table, *([live_name(tracked.table)] if has_live else [])]
    values = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {}, {} AS value FROM {}").format(
            sql.Identifier(tracked.key), sql.Identifier(column), sql.Identifier(name)
        )
        for name in known
    )

    parts = {
        "last": sql.Identifier(_LAST),
        "key": sql.Identifier(tracked.key),
        "column": sql.Identifier(column),
        "values": values,
    }

    cursor.execute(
        sql.SQL(
            "WITH found AS (SELECT l.{key}, max(v.value) AS value FROM pg_temp.{last} l"
            " LEFT JOIN ({values}) v ON v.{key} = l.{key}"
            " AND encode(sha256(convert_to(v.value, 'UTF8')), 'hex') = l.{column}"
            " WHERE l.history_type <> '-' AND l.{column} IS NOT NULL GROUP BY l.{key}),"
            " done AS (UPDATE pg_temp.{last} l SET {column} = coalesce(f.value, '!' || l.{column})"
            " FROM found f WHERE f.{key} = l.{key} RETURNING f.value)"
            " SELECT count(*) FILTER (WHERE value IS NULL) FROM done"
        ).format(**parts)
    )
    row: Any = cursor.fetchone()
    return int(row[0])


def _names(columns: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
