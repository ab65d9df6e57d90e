"""The format of an increment: its tables, how they are named, and which rows they hold.

An increment is a psql script, `delta.sql`, that fills temporary tables and changes nothing else:

    BEGIN;
    SET LOCAL client_encoding = 'UTF8';
    CREATE TEMPORARY TABLE IF NOT EXISTS "delta_<table>" AS SELECT ... WITH NO DATA;
    COPY "delta_<table>" (..., "written_by", "committed_at", "changed_at") FROM stdin;
    (rows)
    \\.
    COMMIT;

delta_<table>  the new rows of an append-only table (a history, the trail), each with its
               transaction, the time when that committed (NULL: the server doesn't keep it), and
               the time of the change by the row itself.
delta_tracked  which of these tables is the history of which table, by which key, and which of its
               columns hold digests of the values (SHA-256, hexadecimal).
live_<table>   the changed rows themselves, of tables whose history keeps only digests of some
               values, so that the values survive.

Tables without rows are left out. The search path must be the clinic's schema.
"""

import re
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from audit.capture.tracked import Tracked
from tenants.postgresql.catalogs import RELATIONS

# Tables with a column of type xid8 are append-only, and the column names the transaction. The time
# of change is history_date in a history, and the first time column in any other table.
_APPENDED = f"""
SELECT c.relname::text, max(a.attname) FILTER (WHERE a.atttypid = 'xid8'::regtype)::text,
       array_agg(a.attname::text ORDER BY a.attnum)
           FILTER (WHERE a.atttypid <> 'xid8'::regtype AND a.attgenerated = ''),
       (array_agg(a.attname::text ORDER BY a.attname <> 'history_date', a.attnum)
           FILTER (WHERE a.atttypid = 'timestamptz'::regtype AND a.attnotnull))[1]
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
       AND NOT a.attisdropped
 WHERE c.oid IN {RELATIONS} AND c.relkind = 'r'
 GROUP BY c.relname HAVING bool_or(a.atttypid = 'xid8'::regtype) ORDER BY c.relname
"""
EXTRA = {"written_by": "xid8", "committed_at": "timestamptz", "changed_at": "timestamptz"}
TRACKED = "delta_tracked"
_TRACKED_COLUMNS = {
    "table_name": "text",
    "history": "text",
    "key": "text",
    "columns": "text[]",
    "digests": "text[]",
}
_SNAPSHOT = re.compile(r"(\d+):(\d+):([\d,]*)")


@dataclass(frozen=True, slots=True)
class Appended:
    """An append-only table.

    `xid` is the column with the transaction, `moment` the one with the time of change ("": none).
    """

    table: str
    xid: str
    columns: tuple[str, ...]
    moment: str

    @property
    def delta(self) -> str:
        """The name of the temporary table for its new rows."""
        return f"delta_{self.table}"


def appended_tables(cursor: Any) -> list[Appended]:
    """The append-only tables of the search path's schema."""
    cursor.execute(_APPENDED)
    return [
        Appended(table, xid, tuple(columns), moment or "")
        for table, xid, columns, moment in cursor.fetchall()
    ]


def live_name(table: str) -> str:
    """The name of the temporary table for a table's own rows."""
    return f"live_{table}"


@dataclass(frozen=True, slots=True)
class Temporary:
    """A temporary table of the script, the statement that makes it, and the one before its rows."""

    name: str
    make: sql.Composed
    begin: sql.Composed


def temporary_delta(appended: Appended) -> Temporary:
    """The temporary table for the new rows of an append-only table."""
    selected = [
        *map(sql.Identifier, appended.columns),
        *(sql.SQL(f"NULL::{kind} AS {column}") for column, kind in EXTRA.items()),
    ]
    return _temporary(appended.delta, appended.table, selected, [*appended.columns, *EXTRA])


def temporary_live(table: str, columns: list[str]) -> Temporary:
    """The temporary table for a table's own rows."""
    return _temporary(live_name(table), table, [*map(sql.Identifier, columns)], columns)


def temporary_tracked() -> Temporary:
    """The temporary table that says which history belongs to which table."""
    columns = sql.SQL(", ").join(
        sql.SQL(f"{{}} {kind}").format(sql.Identifier(column))
        for column, kind in _TRACKED_COLUMNS.items()
    )

    make = sql.SQL("CREATE TEMPORARY TABLE IF NOT EXISTS {} ({})").format(
        sql.Identifier(TRACKED), columns
    )
    return Temporary(TRACKED, make, _copy_in(TRACKED, [*_TRACKED_COLUMNS]))


def tracked_rows(tracked: list[Tracked]) -> sql.Composed:
    """The query for the rows of TRACKED."""
    rows = [
        sql.SQL("({}, {}, {}, {}::text[], {}::text[])").format(
            *map(sql.Literal, (t.table, t.history, t.key, list(t.columns), sorted(t.digests)))
        )
        for t in tracked
    ]
    return sql.SQL("SELECT * FROM (VALUES {}) v").format(sql.SQL(", ").join(rows))


def read_tracked(cursor: Any) -> list[Tracked]:
    """The rows of TRACKED. A schema without its rules can't tell what they say."""
    cursor.execute("SELECT DISTINCT * FROM pg_temp.delta_tracked ORDER BY table_name")
    return [
        Tracked(table, history, key, tuple(columns), frozenset(digests))
        for table, history, key, columns, digests in cursor.fetchall()
    ]


def window(xid: str, start: str, end: str = "") -> sql.Composed:
    """The condition for rows that `end` sees and `start` didn't, both as pg_snapshot writes them.

    Without `end`, for rows that the statement itself sees. It selects the transactions that began
    after `start`, and those in progress then: two ranges of the index, however long transactions
    were. Raises ValueError.
    """
    found = _SNAPSHOT.fullmatch(start)
    if found is None:
        raise ValueError(f"{start} is no snapshot")

    _, later, in_progress = found.groups()
    condition = "({xid} >= {later}::xid8 OR {xid} = ANY({in_progress}::xid8[]))"
    if end:
        condition += " AND pg_visible_in_snapshot({xid}, {end}::pg_snapshot)"

    return sql.SQL(condition).format(
        xid=sql.Identifier(xid),
        later=sql.Literal(later),
        in_progress=sql.Literal(f"{{{in_progress}}}"),
        end=sql.Literal(end),
    )


def _temporary(
    name: str, table: str, selected: list[sql.Composable], columns: list[str]
) -> Temporary:
    make = sql.SQL("CREATE TEMPORARY TABLE IF NOT EXISTS {} AS SELECT {} FROM {} WITH NO DATA")

    return Temporary(
        name,
        make.format(sql.Identifier(name), sql.SQL(", ").join(selected), sql.Identifier(table)),
        _copy_in(name, columns),
    )


def _copy_in(name: str, columns: list[str]) -> sql.Composed:
    return sql.SQL("COPY {} ({}) FROM stdin").format(
        sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
