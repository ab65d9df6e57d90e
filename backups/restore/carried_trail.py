"""The audit trail through a restore: nothing of it is lost, and the restore itself is in it.

A restored state lacks what was recorded after the backup. Those rows are copied from the schema
that is replaced; then every row that the restore changed gets a new version, in the actor's name.
So the last version of each row is the live row again, and the trail has only grown.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from psycopg import sql

from audit.capture.reconciliation import reconcile
from audit.capture.tracked import tracked_tables
from audit.events.details import refuse_content
from core.actor import current_actor
from tenants.postgresql.catalogs import RELATIONS

_APPEND_ONLY = f"""
SELECT c.relname::text, k.attname::text,
       array_agg(a.attname::text ORDER BY a.attnum)
           FILTER (WHERE a.atttypid <> 'xid8'::regtype AND a.attgenerated = ''
                     AND a.attnum <> k.attnum),
       pg_get_serial_sequence(quote_ident(c.relname), k.attname),
       has_table_privilege(%s, c.oid, 'INSERT')
  FROM pg_class c
  JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary AND i.indnkeyatts = 1
  JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = i.indkey[0]
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.oid IN {RELATIONS} AND c.relkind = 'r'
   AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid
                  AND t.tgname LIKE '%%\\_append_only'
                  AND t.tgfoid = to_regproc('audit_refuse'))
 GROUP BY c.oid, c.relname, k.attname, k.attnum ORDER BY c.relname
"""
_COPY = """
INSERT INTO {table} ({key}, {columns}) OVERRIDING SYSTEM VALUE
SELECT {its_key}, {there} FROM {replaced} r LEFT JOIN {table} h USING ({key})
 WHERE {lacking} ORDER BY r.{key}
"""
_ADVANCE = """
SELECT setval({sequence}, greatest(1, (SELECT max({key}) FROM {table}),
              pg_sequence_last_value({sequence}::regclass),
              pg_sequence_last_value({its_sequence}::regclass)))
"""
_SINCE = "NOT pg_visible_in_snapshot(r.xid, {since}::pg_snapshot) AND r.xid >= {oldest}::xid8"


@dataclass(frozen=True, slots=True)
class _AppendOnly:
    table: str
    key: str
    columns: list[str]
    sequence: str | None
    by_application: bool  # the application may append: reading leaves events behind a fence, too


def set_actor(cursor: Any) -> None:
    """Tell the triggers who acts in the present transaction."""
    cursor.execute("SELECT set_config('fisioflow.actor', %s, true)", [current_actor().as_setting()])


def keep_trail(cursor: Any, replaced: str) -> tuple[int, str]:
    """Copy the rows of the trail that only the schema `replaced` has.

    Returns how many rows, and a snapshot from before the copying. The search path's schema is the
    one that takes the place of `replaced`; both have the same definition. Rows keep their ids,
    which are their order; a row whose id was given to another one meanwhile (after an undone
    restore) gets the next id.
    """
    cursor.execute("SELECT pg_current_snapshot()::text")
    (snapshot,) = cursor.fetchone()
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a pending one forbids disabling triggers
    return sum(_copy(cursor, table, replaced) for table in _append_only(cursor)), snapshot


def follow_trail(cursor: Any, replaced: str, since: str) -> None:
    """Copy what was appended to the schema `replaced` since the snapshot, and allow no more.

    While writes are refused, only events of reading are appended. A session that appends while this
    transaction runs waits, and is then refused.
    """
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    for table in _append_only(cursor):
        if table.by_application:
            live, role = sql.Identifier(replaced, table.table), sql.Identifier(settings.APP_ROLE)
            cursor.execute(sql.SQL("REVOKE INSERT ON {} FROM {}").format(live, role))
            cursor.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(live))
            _copy(cursor, table, replaced, since)


def record_restore(cursor: Any, *, reason: str, details: Mapping[str, Any]) -> int:
    """Write what the restore changed into the histories, and the restore as an event.

    Returns how many objects were changed. Call it after `set_actor`. Raises ValueError for details
    that may be content.
    """
    refuse_content("", "", details)

    changed = sum(reconcile(cursor, t, reason=reason) for t in tracked_tables(cursor))
    cursor.execute(
        "INSERT INTO audit_event (kind, table_name, record_id, details)"
        " VALUES ('restored', '', '', %s)",
        [json.dumps(details, cls=DjangoJSONEncoder)],
    )

    return changed


def written_after(cursor: Any, xid: str) -> int:
    """How many versions later transactions than `xid` wrote in the search path's schema."""
    written = 0

    for tracked in tracked_tables(cursor):
        cursor.execute(
            sql.SQL("SELECT count(*) FROM {} WHERE xid > {}::xid8").format(
                sql.Identifier(tracked.history), sql.Literal(xid)
            )
        )
        written += int(cursor.fetchone()[0])

    return written


def _append_only(cursor: Any) -> list[_AppendOnly]:
    cursor.execute(_APPEND_ONLY, [settings.APP_ROLE])
    return [_AppendOnly(*row) for row in cursor.fetchall()]


def _copy(cursor: Any, table: _AppendOnly, replaced: str, since: str = "") -> int:
    """Copy the rows that only `replaced` has, of those appended `since` that snapshot."""
    sequence = table.sequence or ""
    parts: dict[str, sql.Composable] = {
        "table": sql.Identifier(table.table),
        "replaced": sql.Identifier(replaced, table.table),
        "key": sql.Identifier(table.key),
        "columns": _names(table.columns),
        "there": _names(table.columns, "r"),
        "sequence": sql.Literal(sequence),
        "its_sequence": sql.Literal(f'"{replaced}".{sequence.rpartition(".")[2]}'),
        "since": sql.Literal(since),
        "oldest": sql.Literal(since.partition(":")[0]),
    }

    lacking, its_key = "h.{key} IS NULL", "r.{key}"
    if sequence:
        cursor.execute(sql.SQL(_ADVANCE).format(**parts))
        parts["here"] = _names(table.columns, "h")
        lacking = "(h.{key} IS NULL OR ({there}) IS DISTINCT FROM ({here}))"
        its_key = "CASE WHEN h.{key} IS NULL THEN r.{key} ELSE nextval({sequence}) END"

    if since:
        lacking = f"{_SINCE} AND {lacking}"
    parts["lacking"] = sql.SQL(lacking).format(**parts)
    parts["its_key"] = sql.SQL(its_key).format(**parts)

    cursor.execute(sql.SQL("ALTER TABLE {table} DISABLE TRIGGER USER").format(**parts))
    cursor.execute(sql.SQL(_COPY).format(**parts))
    copied = int(cursor.rowcount)
    if sequence:  # rows appended between the two statements were copied, too
        cursor.execute(sql.SQL(_ADVANCE).format(**parts))
    cursor.execute(sql.SQL("ALTER TABLE {table} ENABLE TRIGGER USER").format(**parts))

    return copied


def _names(columns: list[str], row: str = "") -> sql.Composed:
    prefix = (row,) if row else ()
    return sql.SQL(", ").join(sql.Identifier(*prefix, column) for column in columns)
