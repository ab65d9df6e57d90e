"""A full backup: the schema's definition by its fingerprint, and one stream with all rows.

The stream is a psql script: BEGIN, a COPY for each table, the sequences, COMMIT as its last line.
"""

import tomllib
from collections.abc import Iterator
from uuid import UUID

from django.conf import settings
from psycopg import sql

from backups.format.manifests import (
    BackupKind,
    DocumentCopy,
    Manifest,
    Signed,
    SnapshotRange,
    Table,
    write_manifest,
)
from backups.format.objects import PlainObject, write_plain
from backups.format.sealing import seal
from backups.installation import Installation
from backups.progress import BytesProgress, silent
from backups.snapshot.directory_record import directory_record_of
from backups.snapshot.snapshot import Snapshot
from backups.snapshot.tables import is_ephemeral, rows_of_table
from backups.stores import Store
from backups.stores.layout import RULES, STRUCTURE, data_key, ddl_key
from core.ids import uuid7
from tenants.context import ClinicRoute
from tenants.ddl import SchemaDefinition
from tenants.postgresql.catalogs import RELATIONS

_FIRST = b"BEGIN;\nSET LOCAL client_encoding = 'UTF8';\n"
_LAST = b"COMMIT;\n"
# Computed from the rows themselves: the application's role may not read a sequence.
_SEQUENCES = f"""
SELECT format('SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence(%L, %L),'
              ' coalesce(max(%I), 0) + 1, false) FROM %I;',
              quote_ident(c.relname), a.attname, a.attname, c.relname)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attidentity <> ''
 WHERE c.oid IN {RELATIONS} AND c.relkind = 'r' ORDER BY c.relname
"""


class Script:
    """The stream of a full, read once. Afterwards `tables` holds the manifest's entries."""

    def __init__(self, snapshot: Snapshot, progress: BytesProgress) -> None:
        self._snapshot, self._progress = snapshot, progress
        self._at = 0
        self.tables: list[Table] = []

    def __iter__(self) -> Iterator[bytes]:
        yield self._counted(_FIRST)
        for table, columns in self._snapshot.columns().items():
            yield from self._table(table, columns)

        rows = self._snapshot.connection.execute(_SEQUENCES)
        yield self._counted("".join(f"{line}\n" for (line,) in rows).encode())
        yield self._counted(_LAST)

    def _table(self, table: str, columns: list[str]) -> Iterator[bytes]:
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        begin = sql.SQL("COPY {} ({}) FROM stdin;\n").format(sql.Identifier(table), names)
        yield self._counted(begin.as_string(self._snapshot.connection).encode())

        first = self._at
        copied = self._snapshot.copy(rows_of_table(table, columns, empty=is_ephemeral(table)))
        for chunk in copied:
            yield self._counted(chunk)
            self._progress(table, self._at)

        self.tables.append(
            Table(
                name=table,
                rows=copied.rows,
                rows_hash=copied.rows_hash,
                first_byte=first,
                end_byte=self._at,
            )
        )
        yield self._counted(b"\\.\n")

    def _counted(self, data: bytes) -> bytes:
        self._at += len(data)
        return data


def write_full(
    installation: Installation,
    route: ClinicRoute,
    snapshot: Snapshot,
    *,
    backup_id: UUID | None = None,
    documents: tuple[DocumentCopy, ...] = (),
    progress: BytesProgress = silent,
) -> Signed:
    """Write the whole clinic as the snapshot saw it. Raises BackupError."""
    store, definition = installation.store, snapshot.definition
    backup = backup_id or uuid7()

    ddl = write_definition(store, definition)
    script = Script(snapshot, progress)
    key = data_key(route.clinic_id, backup, "data.sql")
    data = seal(store, key, iter(script), installation.recipients)

    manifest = Manifest(
        backup_id=backup,
        clinic_id=route.clinic_id,
        schema_name=route.schema,
        facts=directory_record_of(route),
        kind=BackupKind.FULL,
        parent=None,
        created_at=snapshot.taken_at,
        origin=snapshot.origin,
        ddl_fingerprint=definition.fingerprint,
        migration_digest=snapshot.migration_digest,
        snapshots=SnapshotRange(start=None, end=snapshot.pg_snapshot),
        since=None,
        recipients=installation.recipient_names,
        ddl=ddl,
        objects=(data,),
        tables=tuple(script.tables),
        documents=documents,
        software=software(),
    )
    snapshot.outlast_crashes()
    return write_manifest(store, manifest, installation.signing_key)


def write_definition(store: Store, definition: SchemaDefinition) -> tuple[PlainObject, ...]:
    """Write the schema's definition, once for all clinics that share it. Raises StoreError."""
    parts = {STRUCTURE: definition.structure, RULES: definition.rules}
    return tuple(
        write_plain(store, ddl_key(definition.fingerprint, part), text.encode())
        for part, text in parts.items()
    )


def software() -> str:
    """The release that writes the backup: `fisioflow 0.1.0`."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    return f"fisioflow {project['project']['version']}"
