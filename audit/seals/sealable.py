"""What seals cover: the tables, the hash of a row, and the moment at which rows are read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connections

from audit.capture.tracked import tracked_tables
from tenants.postgresql.snapshot import one_snapshot

FORMAT = 2  # of hashes and headers; part of every seal
EVENTS = "audit_event"
# The text of a value must not depend on the session.
_PIN = """
SELECT set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, YMD', true),
       set_config('IntervalStyle', 'postgres', true), set_config('extra_float_digits', '1', true),
       set_config('bytea_output', 'hex', true), set_config('work_mem', '64MB', true)
"""
_LOCK = "SELECT pg_advisory_{}(hashtextextended(current_schema(), 0))"
_COLUMNS = """
SELECT c.relname, array_agg(a.attname ORDER BY a.attnum)::text[]
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
   AND c.relname = ANY(%s) AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'xid'
 GROUP BY c.relname ORDER BY c.relname
"""


@dataclass(frozen=True, slots=True)
class Sealable:
    """A table whose rows are sealed; the names of its key, record, time and all columns."""

    table: str
    key: str
    record: str | None
    moment: str
    columns: tuple[str, ...]


def sealable_tables(cursor: Any) -> list[Sealable]:
    """The histories and the events of the search path's schema."""
    records = {tracked.history: tracked.key for tracked in tracked_tables(cursor)}

    cursor.execute(_COLUMNS, [[*records, EVENTS]])
    return [
        Sealable(EVENTS, "id", None, "occurred_at", tuple(columns))
        if table == EVENTS
        else Sealable(table, "history_id", records[table], "history_date", tuple(columns))
        for table, columns in cursor.fetchall()
    ]


def row_hash_sql(row: str, columns: tuple[str, ...]) -> str:
    """The hash of the row with this alias, as `offline_verifier.row_hash` computes it.

    The fastest of five ways that were measured: 10 µs for a row of 21 columns and 600 bytes.
    """
    values = ", ".join(f'{row}."{column}"::text' for column in columns)
    return f"sha256(convert_to(array_to_json(ARRAY[{values}])::text, 'UTF8'))"


@contextmanager
def proof_snapshot(alias: str, *, sealing: bool) -> Iterator[Any]:
    """A cursor on one moment of the current scope's schema, to seal or only to read.

    Meanwhile nothing else seals, and no migration runs (tenants.fleet takes the same lock), because
    a table that is being rewritten looks empty to an older snapshot. The session takes the lock
    first: a transaction that waited for it would see the moment before the wait.
    """
    connection, lock = connections[alias], "" if sealing else "_shared"
    with connection.cursor() as cursor:
        cursor.execute(_LOCK.format("lock" + lock))

    try:
        with one_snapshot(alias, read_only=not sealing) as cursor:
            cursor.execute(_PIN)
            yield cursor
    finally:
        with connection.cursor() as cursor:
            cursor.execute(_LOCK.format("unlock" + lock))


def moment_text(moment: datetime) -> str:
    """A time stamp as a seal's header has it: UTC, microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def root_sql(row: str) -> str:
    """The aggregate that `offline_verifier.Root` computes, over `id`, `record` and `hash`."""
    record = f"coalesce(uuid_send({row}.record), ''::bytea)"
    return (
        f"sha256(string_agg(int8send({row}.id) || {record} || {row}.hash, ''::bytea"
        f" ORDER BY {row}.id))"
    )
