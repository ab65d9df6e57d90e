"""An increment: every change that one snapshot sees and the one before it didn't.

The changes are the rows of histories and of the trail, by the transaction that wrote them
(backups/delta.py says how they are written down). No time stamp and no id decides what is new, so
nothing is lost or doubled, whatever transactions were open.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections
from psycopg import sql

from audit.capture.tracked import Tracked, tracked_tables
from backups.configuration import recipients, recipients_named, signing_key
from backups.delta import (
    Appended,
    Temporary,
    appended_tables,
    temporary_delta,
    temporary_live,
    temporary_tracked,
    tracked_rows,
    window,
)
from backups.facts import facts_of
from backups.full import Progress, silent, software
from backups.layout import data_key
from backups.manifests import Document, Kind, Manifest, Signed, Snapshots, Table, write_manifest
from backups.sealing import seal
from backups.source import Source
from backups.stores import Store
from core.ids import uuid7
from tenants.context import ClinicRoute, clinic_scope
from tenants.postgresql.snapshot import TIMELINE

NAME = "delta.sql"
_FIRST = b"BEGIN;\nSET LOCAL client_encoding = 'UTF8';\n"
_LAST = b"COMMIT;\n"


class Delta:
    """The stream of an increment, and what its manifest says of it."""

    def __init__(self, source: Source, start: str, progress: Progress = silent) -> None:
        self._source, self._start, self._progress = source, start, progress
        self._at = 0
        self.tables: list[Table] = []
        with source.connection.cursor() as cursor:
            self._appended = _with_rows(source, start, appended_tables(cursor))
            filled = {appended.table: appended for appended in self._appended}
            self._tracked = [t for t in tracked_tables(cursor) if t.history in filled]
        self._digested = [(t, filled[t.history]) for t in self._tracked if t.digests]
        self._commit_time = _commit_time(source)

    def __bool__(self) -> bool:
        return bool(self._appended)

    def __iter__(self) -> Iterator[bytes]:
        yield self._counted(_FIRST)
        for appended in self._appended:
            yield from self._rows(temporary_delta(appended), self._new_rows(appended))
        if self._tracked:
            yield from self._rows(temporary_tracked(), tracked_rows(self._tracked))
        columns = self._source.columns() if self._digested else {}
        for tracked, history in self._digested:
            kept = columns[tracked.table]
            query = self._live_rows(tracked, history, kept)
            yield from self._rows(temporary_live(tracked.table, kept), query)
        yield self._counted(_LAST)

    def _rows(self, table: Temporary, query: sql.Composed) -> Iterator[bytes]:
        head = sql.SQL("{};\n{};\n").format(table.make, table.begin)
        yield self._counted(head.as_string(self._source.connection).encode())
        first, copied = self._at, self._source.copy(sql.SQL("({})").format(query))
        for chunk in copied:
            yield self._counted(chunk)
            self._progress(table.name, self._at)
        self.tables.append(
            Table(
                name=table.name,
                rows=copied.rows,
                rows_hash=copied.rows_hash,
                first_byte=first,
                end_byte=self._at,
            )
        )
        yield self._counted(b"\\.\n")

    def _new_rows(self, appended: Appended) -> sql.Composed:
        moment = sql.Identifier(appended.moment) if appended.moment else _literal_time(self._source)
        return sql.SQL("SELECT {}, {}, {}, {} FROM {} WHERE {}").format(
            sql.SQL(", ").join(map(sql.Identifier, appended.columns)),
            sql.Identifier(appended.xid),
            self._commit_time.format(sql.Identifier(appended.xid)),
            moment,
            sql.Identifier(appended.table),
            self._window(appended),
        )

    def _live_rows(self, tracked: Tracked, history: Appended, columns: list[str]) -> sql.Composed:
        key = sql.Identifier(tracked.key)
        return sql.SQL("SELECT {} FROM {} WHERE {} IN (SELECT {} FROM {} WHERE {})").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.Identifier(tracked.table),
            key,
            key,
            sql.Identifier(tracked.history),
            self._window(history),
        )

    def _window(self, appended: Appended) -> sql.Composed:
        return window(appended.xid, self._start, self._source.snapshot)

    def _counted(self, data: bytes) -> bytes:
        self._at += len(data)
        return data


def write_increment(
    store: Store,
    route: ClinicRoute,
    source: Source,
    parent: Signed,
    *,
    backup_id: UUID | None = None,
    documents: tuple[Document, ...] = (),
    progress: Progress = silent,
) -> Signed | None:
    """Write what changed since the parent; None, and nothing written, when nothing did.

    `documents` are those that the chain doesn't have yet. The caller has seen that the source may
    continue the parent (`why_not_continued`). Raises BackupError.
    """
    older = parent.manifest
    delta = Delta(source, older.snapshots.end, progress)
    if not delta and not documents:
        return None
    backup = backup_id or uuid7()
    data = seal(store, data_key(route.clinic_id, backup, NAME), iter(delta), recipients())
    manifest = Manifest(
        backup_id=backup,
        clinic_id=route.clinic_id,
        schema_name=route.schema,
        facts=facts_of(route),
        kind=Kind.INCREMENT,
        parent=parent.as_parent,
        created_at=source.taken_at,
        origin=source.origin,
        ddl_fingerprint=older.ddl_fingerprint,
        migrations_head=source.migrations_head,
        snapshots=Snapshots(start=older.snapshots.end, end=source.snapshot),
        since=parent.since(documents),
        recipients=recipients_named(),
        ddl=older.ddl,
        objects=(data,),
        tables=tuple(delta.tables),
        documents=documents,
        software=software(),
    )
    source.outlast_crashes()
    return write_manifest(store, manifest, signing_key())


def why_not_continued(route: ClinicRoute, source: Source, parent: Signed) -> str:
    """Why an increment can't follow this backup, for people; empty when it can."""
    older = parent.manifest
    if older.schema_name != route.schema:
        return "the clinic's schema has another name"
    if source.origin.shard != older.origin.shard:
        return "the clinic was moved to another shard"
    if source.origin.system_identifier != older.origin.system_identifier:
        return "the shard is another server"
    if source.origin.timeline != older.origin.timeline:
        return "the shard failed over or was recovered (another timeline)"
    if source.origin.incarnation != older.origin.incarnation:
        return "the clinic was restored (another schema of this name)"
    if source.migrations_head != older.migrations_head:
        return "migrations were applied"
    if source.definition.fingerprint != older.ddl_fingerprint:
        return "the schema's definition was changed"
    return ""


def unchanged_until(route: ClinicRoute, parent: Signed) -> datetime | None:
    """The moment up to which nothing changed since the parent; None when something did.

    One query, for the many clinics where nobody works right now. What it finds is not followed
    here: `why_not_continued` looks again, and says what it is.
    """
    older = parent.manifest
    with clinic_scope(route), connections[route.shard].cursor() as cursor:
        tables = _tables_of(older.ddl_fingerprint, cursor)
        changed = sql.SQL(" OR ").join(
            sql.SQL("EXISTS (SELECT 1 FROM {} WHERE {})").format(
                sql.Identifier(appended.table), window(appended.xid, older.snapshots.end)
            )
            for appended in tables
        )
        probe = _PROBE.format(timeline=sql.SQL(TIMELINE), changed=changed)
        cursor.execute(probe.as_string(cursor.connection))
        *origin, head, moment, has_changed = cursor.fetchone()
    expected = [older.origin.system_identifier, older.origin.timeline, older.origin.incarnation]
    same = older.origin.shard == route.shard and origin == expected
    if not same or head != older.migrations_head or has_changed:
        return None
    found: datetime = moment
    return found


_PROBE = sql.SQL("""
SELECT s.system_identifier::text, {timeline}, current_schema()::regnamespace::oid::text,
       substr(obj_description(current_schema()::regnamespace, 'pg_namespace'), 11),
       transaction_timestamp(), h.changed
  FROM pg_control_system() s, (SELECT {changed} AS changed) h
""")
_known_tables: dict[str, list[Appended]] = {}


def _tables_of(fingerprint: str, cursor: Any) -> list[Appended]:
    """The append-only tables of a definition: looked up once in a process."""
    if fingerprint not in _known_tables:
        _known_tables[fingerprint] = appended_tables(cursor)
    return _known_tables[fingerprint]


def _with_rows(source: Source, start: str, tables: list[Appended]) -> list[Appended]:
    """Those that got rows in the window, found in one query."""
    found = [
        sql.SQL("SELECT {} WHERE EXISTS (SELECT 1 FROM {} WHERE {})").format(
            sql.Literal(index),
            sql.Identifier(appended.table),
            window(appended.xid, start, source.snapshot),
        )
        for index, appended in enumerate(tables)
    ]
    if not found:
        return []
    rows = source.connection.execute(sql.SQL(" UNION ALL ").join(found)).fetchall()
    return [tables[index] for (index,) in sorted(rows)]


def _commit_time(source: Source) -> sql.SQL:
    """When a transaction committed, as far as this server keeps it."""
    row = source.connection.execute("SELECT current_setting('track_commit_timestamp')").fetchone()
    kept = row is not None and row[0] == "on"
    return sql.SQL("pg_xact_commit_timestamp({}::xid)" if kept else "NULL::timestamptz")


def _literal_time(source: Source) -> sql.Composed:
    return sql.SQL("{}::timestamptz").format(sql.Literal(source.taken_at.isoformat()))
