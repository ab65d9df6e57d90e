"""The audit trail through a restore: nothing of it is lost, and the restore itself is in it.

A restored state lacks what was recorded after the backup. Those rows are copied out of the schema
that is replaced; then every row that the restore changed gets a version of its own, by whoever
restores. So the last version is the live row again, and the trail only grew.
"""

from typing import Any

from psycopg import sql

from audit.capture import reconcile, tracked_tables

_APPEND_ONLY = """
SELECT c.relname::text, k.attname::text,
       array_agg(a.attname::text ORDER BY a.attnum)
           FILTER (WHERE a.atttypid <> 'xid8'::regtype AND a.attgenerated = ''
                     AND a.attnum <> k.attnum),
       pg_get_serial_sequence(quote_ident(c.relname), k.attname)
  FROM pg_class c
  JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary AND i.indnkeyatts = 1
  JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = i.indkey[0]
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
   AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid
                  AND t.tgname LIKE '%\\_append_only')
 GROUP BY c.relname, k.attname, k.attnum ORDER BY c.relname
"""
_COPY_IDS = """
INSERT INTO {table} ({key}, {columns}) OVERRIDING SYSTEM VALUE
SELECT CASE WHEN h.{key} IS NULL THEN r.{key} ELSE nextval({sequence}) END, {there}
  FROM {replaced} r LEFT JOIN {table} h USING ({key})
 WHERE h.{key} IS NULL OR ({there}) IS DISTINCT FROM ({here}) ORDER BY r.{key}
"""
_COPY_KEYS = """
INSERT INTO {table} ({key}, {columns}) SELECT r.{key}, {there} FROM {replaced} r
 WHERE NOT EXISTS (SELECT FROM {table} h WHERE h.{key} = r.{key}) ORDER BY r.{key}
"""
_ADVANCE = """
SELECT setval({sequence}, greatest(1, (SELECT max({key}) FROM {table}),
              pg_sequence_last_value({sequence}::regclass),
              pg_sequence_last_value({its_sequence}::regclass)))
"""


def keep_trail(cursor: Any, replaced: str) -> int:
    """Copy what the trail of the schema `replaced` has more; returns how many rows.

    The search path's schema is the one that takes its place; both have the same definition. Rows
    keep their ids, which are their order; one whose id was given to another row meanwhile (after
    an undone restore) gets the next.
    """
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a trigger can't be switched with one pending
    cursor.execute(_APPEND_ONLY)
    kept = 0
    for table, key, columns, sequence in cursor.fetchall():
        parts = {
            "table": sql.Identifier(table),
            "replaced": sql.Identifier(replaced, table),
            "key": sql.Identifier(key),
            "columns": _names(columns),
            "here": _names(columns, "h"),
            "there": _names(columns, "r"),
            "sequence": sql.Literal(sequence),
            "its_sequence": sql.Literal(f'"{replaced}".{(sequence or "").rpartition(".")[2]}'),
        }
        if sequence:
            cursor.execute(sql.SQL(_ADVANCE).format(**parts))
        cursor.execute(sql.SQL("ALTER TABLE {table} DISABLE TRIGGER USER").format(**parts))
        cursor.execute(sql.SQL(_COPY_IDS if sequence else _COPY_KEYS).format(**parts))
        kept += cursor.rowcount
        cursor.execute(sql.SQL("ALTER TABLE {table} ENABLE TRIGGER USER").format(**parts))
    return kept


def follow_events(cursor: Any, replaced: str, staging: str, since: str) -> None:
    """Take what the application appended (events of reading) since the snapshot `since`.

    Closes these tables of the schema `replaced` for writing until the transaction ends: a writer
    who waits meanwhile is then refused.
    """
    for table in appended_by_the_application():
        live = sql.Identifier(replaced, table)
        role = sql.Identifier(settings.APP_ROLE)
        cursor.execute(sql.SQL("REVOKE INSERT ON {} FROM {}").format(live, role))
        cursor.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(live))
        cursor.execute("SELECT set_config('search_path', %s, true)", [f'"{staging}", pg_temp'])
        cursor.execute(
            sql.SQL(_APPEND_ONLY + " ").format() if False else sql.SQL("SELECT 1")
        )


def record_restore(cursor: Any, *, reason: str, details: str) -> int:
    """Write what the restore changed into the histories, and the restore as an event.

    Returns how many objects were changed. Somebody must act; `details` is JSON of ids and counts.
    """
    changed = sum(reconcile(cursor, t, reason=reason) for t in tracked_tables(cursor))
    cursor.execute(
        "INSERT INTO audit_event (kind, table_name, record_id, details)"
        " VALUES ('restored', '', '', %s)",
        [details],
    )
    return changed


def written_after(cursor: Any, xid: str) -> int:
    """How many versions transactions after this one wrote in the search path's schema."""
    written = 0
    for tracked in tracked_tables(cursor):
        cursor.execute(
            sql.SQL("SELECT count(*) FROM {} WHERE xid > {}::xid8").format(
                sql.Identifier(tracked.history), sql.Literal(xid)
            )
        )
        written += int(cursor.fetchone()[0])
    return written


def _names(columns: list[str], row: str = "") -> sql.Composed:
    prefix = (row,) if row else ()
    return sql.SQL(", ").join(sql.Identifier(*prefix, column) for column in columns)
