"""Proving a restored schema: its rows, byte for byte, and its histories; and building its rules.

Some tables are read again while the rules of others are built, on two connections: the rules take
most of a restore's time.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any

import psycopg
from psycopg import sql

from audit.capture.reconciliation import drift
from audit.capture.tracked import tracked_tables
from backups.errors import HistoryDiffers, RowsDiffer
from backups.format.manifests import Table
from backups.progress import StepsProgress
from backups.restore.rules import parse_rules
from backups.snapshot.copying import CopyOut, widen
from backups.snapshot.tables import STABLE_OUTPUT, rows_of_table, table_columns
from tenants.fleet import REFERENCE_TABLES
from tenants.postgresql.owner import owner_connection

_AT_ONCE = 2  # connections


def prove_rows(shard: str, schema: str, tables: tuple[Table, ...], progress: StepsProgress) -> None:
    """Check that every table has the rows of the backup. Raises RowsDiffer."""
    build_rules(shard, schema, "", tables, progress)


def build_rules(
    shard: str, schema: str, script: str, tables: tuple[Table, ...], progress: StepsProgress
) -> None:
    """Build the rules, after checking that every table of `tables` has the rows of the backup.

    The largest tables come first, so that at the end no connection waits for one. Raises
    RowsDiffer.
    """
    rules = parse_rules(script)
    expected = {table.name: table for table in tables if table.name not in REFERENCE_TABLES}
    size = {table.name: table.end_byte - table.first_byte for table in tables}
    names = sorted({*rules.of_table, *expected}, key=lambda name: -size.get(name, 0))

    waiting: SimpleQueue[str] = SimpleQueue()
    for name in names:
        waiting.put(name)

    def work() -> None:
        with _connected(shard, schema) as connection:
            columns = table_columns(connection.cursor())

            try:
                while name := _next(waiting):
                    if name in expected:
                        _prove(connection, expected[name], columns[name])
                    _run(connection, rules.of_table.get(name, []))
                    progress(name, len(names) - waiting.qsize(), len(names))
            finally:
                while _next(waiting):  # after a failure, leave the other worker nothing to do
                    pass

    with ThreadPoolExecutor(_AT_ONCE, "restore") as pool:
        for done in [pool.submit(work) for _ in range(_AT_ONCE)]:
            done.result()

    with _connected(shard, schema) as connection:
        _run(connection, rules.last)


def _run(connection: psycopg.Connection[Any], statements: list[str]) -> None:
    for statement in statements:
        connection.execute(_literally(statement))


def _next(waiting: SimpleQueue[str]) -> str:
    try:
        return waiting.get_nowait()
    except Empty:
        return ""


def prove_histories(connection: psycopg.Connection[Any]) -> None:
    """Check that every row is what its history says last. Raises HistoryDiffers."""
    with connection.cursor() as cursor:
        wrong = {t.table: count for t in tracked_tables(cursor) if (count := drift(cursor, t))}

    if wrong:
        raise HistoryDiffers(tables=", ".join(wrong), objects=sum(wrong.values()))


def rows_of(connection: psycopg.Connection[Any], table: str, columns: list[str]) -> tuple[int, str]:
    """How many rows, and the SHA-256 of what COPY writes of them, in their physical order."""
    with connection.transaction():
        connection.execute(STABLE_OUTPUT)
        copied = CopyOut(connection, rows_of_table(table, columns))
        for _ in copied:
            pass

    return copied.rows, copied.rows_hash


def _prove(connection: psycopg.Connection[Any], table: Table, columns: list[str]) -> None:
    if rows_of(connection, table.name, columns) != (table.rows, table.rows_hash):
        raise RowsDiffer(table=table.name)


def _literally(statement: str) -> sql.SQL:
    return sql.SQL(statement)


@contextmanager
def _connected(shard: str, schema: str) -> Iterator[psycopg.Connection[Any]]:
    with owner_connection(shard) as connection:
        connection.execute(_literally(f'SET search_path = "{schema}", pg_temp'))
        connection.execute("SET statement_timeout = 0; SET client_min_messages = warning")
        widen(connection)
        yield connection
