"""An increment: every change that one snapshot sees and the one before it didn't.

The changes are the rows of histories and of the trail, by the transaction that wrote them
(backups/format/increment_format.py describes the stream). No time stamp and no id decides what is
new, so nothing is lost or doubled, whatever transactions were open.
"""

from collections.abc import Iterator
from uuid import UUID

from psycopg import sql

from audit.capture.tracked import Tracked, tracked_tables
from backups.format.increment_format import (
    Appended,
    Temporary,
    appended_tables,
    temporary_delta,
    temporary_live,
    temporary_tracked,
    tracked_rows,
    window,
)
from backups.format.manifests import (
    BackupKind,
    DocumentCopy,
    Manifest,
    Signed,
    SnapshotRange,
    Table,
    write_manifest,
)
from backups.format.sealing import seal
from backups.installation import Installation
from backups.progress import BytesProgress, silent
from backups.snapshot.directory_record import directory_record_of
from backups.snapshot.snapshot import Snapshot
from backups.stores.layout import data_key
from backups.take.full import software
from core.ids import uuid7
from tenants.context import ClinicRoute

NAME = "delta.sql"
_FIRST = b"BEGIN;\nSET LOCAL client_encoding = 'UTF8';\n"
_LAST = b"COMMIT;\n"


class Delta:
    """The stream of an increment, read once. Afterwards `tables` has the manifest's entries.

    It is false when there is nothing to write.
    """

    def __init__(self, snapshot: Snapshot, start: str, progress: BytesProgress = silent) -> None:
        self._snapshot, self._start, self._progress = snapshot, start, progress
        self._at = 0
        self.tables: list[Table] = []

        with snapshot.connection.cursor() as cursor:
            self._appended = _with_rows(snapshot, start, appended_tables(cursor))
            filled = {appended.table: appended for appended in self._appended}
            self._tracked = [t for t in tracked_tables(cursor) if t.history in filled]

        self._digested = [(t, filled[t.history]) for t in self._tracked if t.digests]
        self._commit_time = _commit_time(snapshot)

    def __bool__(self) -> bool:
        return bool(self._appended)

    def __iter__(self) -> Iterator[bytes]:
        yield self._counted(_FIRST)

        for appended in self._appended:
            yield from self._rows(temporary_delta(appended), self._new_rows(appended))

        if self._tracked:
            yield from self._rows(temporary_tracked(), tracked_rows(self._tracked))

        columns = self._snapshot.columns() if self._digested else {}
        for tracked, history in self._digested:
            kept = columns[tracked.table]
            query = self._live_rows(tracked, history, kept)
            yield from self._rows(temporary_live(tracked.table, kept), query)

        yield self._counted(_LAST)

    def _rows(self, table: Temporary, query: sql.Composed) -> Iterator[bytes]:
        head = sql.SQL("{};\n{};\n").format(table.make, table.begin)
        yield self._counted(head.as_string(self._snapshot.connection).encode())

        first, copied = self._at, self._snapshot.copy(sql.SQL("({})").format(query))
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
        moment = (
            sql.Identifier(appended.moment) if appended.moment else _literal_time(self._snapshot)
        )

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
        return window(appended.xid, self._start, self._snapshot.pg_snapshot)

    def _counted(self, data: bytes) -> bytes:
        self._at += len(data)
        return data


def write_increment(
    installation: Installation,
    route: ClinicRoute,
    snapshot: Snapshot,
    parent: Signed,
    *,
    backup_id: UUID | None = None,
    documents: tuple[DocumentCopy, ...] = (),
    progress: BytesProgress = silent,
) -> Signed | None:
    """Write what changed since the parent. None when nothing did; then nothing is written.

    `documents` are those that the chain lacks. The caller has checked that the snapshot may
    continue the parent (`why_not_continued`). Raises BackupError.
    """
    older = parent.manifest
    delta = Delta(snapshot, older.snapshots.end, progress)
    if not delta and not documents:
        return None

    store, backup = installation.store, backup_id or uuid7()
    key = data_key(route.clinic_id, backup, NAME)
    data = seal(store, key, iter(delta), installation.recipients)

    manifest = Manifest(
        backup_id=backup,
        clinic_id=route.clinic_id,
        schema_name=route.schema,
        facts=directory_record_of(route),
        kind=BackupKind.INCREMENT,
        parent=parent.as_parent,
        created_at=snapshot.taken_at,
        origin=snapshot.origin,
        ddl_fingerprint=older.ddl_fingerprint,
        migration_digest=snapshot.migration_digest,
        snapshots=SnapshotRange(start=older.snapshots.end, end=snapshot.pg_snapshot),
        since=parent.since(documents),
        recipients=installation.recipient_names,
        ddl=older.ddl,
        objects=(data,),
        tables=tuple(delta.tables),
        documents=documents,
        software=software(),
    )
    snapshot.outlast_crashes()
    return write_manifest(store, manifest, installation.signing_key)


def _with_rows(snapshot: Snapshot, start: str, tables: list[Appended]) -> list[Appended]:
    """The tables that got rows in the window, found in one query."""
    found = [
        sql.SQL("SELECT {} WHERE EXISTS (SELECT 1 FROM {} WHERE {})").format(
            sql.Literal(index),
            sql.Identifier(appended.table),
            window(appended.xid, start, snapshot.pg_snapshot),
        )
        for index, appended in enumerate(tables)
    ]
    if not found:
        return []

    rows = snapshot.connection.execute(sql.SQL(" UNION ALL ").join(found)).fetchall()
    return [tables[index] for (index,) in sorted(rows)]


def _commit_time(snapshot: Snapshot) -> sql.SQL:
    """When a transaction committed, as far as this server keeps it."""
    row = snapshot.connection.execute("SELECT current_setting('track_commit_timestamp')").fetchone()
    kept = row is not None and row[0] == "on"
    return sql.SQL("pg_xact_commit_timestamp({}::xid)" if kept else "NULL::timestamptz")


def _literal_time(snapshot: Snapshot) -> sql.Composed:
    return sql.SQL("{}::timestamptz").format(sql.Literal(snapshot.taken_at.isoformat()))
