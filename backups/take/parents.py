"""What earlier backups offer a new one: a chain to continue, and files already in the store."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections
from psycopg import sql

from backups.errors import ManifestRefused, ObjectMissing
from backups.format.increment_format import Appended, appended_tables, window
from backups.format.manifests import DocumentCopy, Manifest, Signed, read_manifest
from backups.installation import Installation
from backups.snapshot.snapshot import Snapshot
from tenants.context import ClinicRoute, clinic_scope
from tenants.postgresql.snapshot import TIMELINE

_PROBE = sql.SQL("""
SELECT s.system_identifier::text, {timeline}, current_schema()::regnamespace::oid::text,
       substr(obj_description(current_schema()::regnamespace, 'pg_namespace'), 11),
       transaction_timestamp(), h.changed
  FROM pg_control_system() s, (SELECT {changed} AS changed) h
""")
_tables_by_fingerprint: dict[str, list[Appended]] = {}


def chain_to_continue(
    installation: Installation, route: ClinicRoute, snapshot: Snapshot, last: Signed | None
) -> tuple[Manifest | None, str]:
    """The full of the chain that an increment can continue; or None, and why, for people."""
    if last is None:
        return None, "there is no backup yet"
    if because := why_not_continued(route, snapshot, last):
        return None, because
    if last.manifest.recipients != installation.recipient_names:
        return None, "the recipients were changed"
    if last.manifest.since is None:
        return last.manifest, ""

    full = trusted_manifest(installation, route.clinic_id, last.manifest.since.full)
    return (full.manifest, "") if full else (None, "the full backup below is gone")


def why_not_continued(route: ClinicRoute, snapshot: Snapshot, parent: Signed) -> str:
    """Why an increment can't follow this backup, for people; empty when it can."""
    older = parent.manifest

    if older.schema_name != route.schema:
        return "the clinic's schema has another name"
    if snapshot.origin.shard != older.origin.shard:
        return "the clinic was moved to another shard"
    if snapshot.origin.system_identifier != older.origin.system_identifier:
        return "the shard is another server"
    if snapshot.origin.timeline != older.origin.timeline:
        return "the shard failed over or was recovered (another timeline)"
    if snapshot.origin.incarnation != older.origin.incarnation:
        return "the clinic was restored (another schema of this name)"
    if snapshot.migration_digest != older.migration_digest:
        return "migrations were applied"
    if snapshot.definition.fingerprint != older.ddl_fingerprint:
        return "the schema's definition was changed"
    return ""


def unchanged_until(route: ClinicRoute, parent: Signed) -> datetime | None:
    """The moment up to which nothing changed since the parent; None when something did.

    One query, for the many clinics where nobody works right now. It only says that something
    changed: `why_not_continued` looks again, and says what.
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
        *origin, digest, moment, has_changed = cursor.fetchone()

    expected = [older.origin.system_identifier, older.origin.timeline, older.origin.incarnation]
    same = older.origin.shard == route.shard and origin == expected
    if not same or digest != older.migration_digest or has_changed:
        return None

    found: datetime = moment
    return found


def documents_in_chain(
    installation: Installation, clinic_id: UUID, last: Signed | None
) -> dict[str, DocumentCopy]:
    """The files that the last backup and those below it have for today's recipients, by name.

    `last` is None where the directory knows of no backup; then the newest in the store is taken.
    """
    found: dict[str, DocumentCopy] = {}
    signed = last or installation.catalogue(clinic_id).latest()

    while signed:
        if signed.manifest.recipients == installation.recipient_names:
            found = {document.name: document for document in signed.manifest.documents} | found
        parent = signed.manifest.parent
        signed = trusted_manifest(installation, clinic_id, parent.backup_id) if parent else None

    return found


def trusted_manifest(
    installation: Installation, clinic_id: UUID, backup_id: UUID | None
) -> Signed | None:
    """The backup's manifest, if it is still in the store and can be trusted."""
    if backup_id is None:
        return None

    try:
        return read_manifest(installation.store, clinic_id, backup_id, installation.trusted)
    except (ManifestRefused, ObjectMissing):
        return None


def _tables_of(fingerprint: str, cursor: Any) -> list[Appended]:
    """The append-only tables of a definition, looked up once in a process."""
    if fingerprint not in _tables_by_fingerprint:
        _tables_by_fingerprint[fingerprint] = appended_tables(cursor)
    return _tables_by_fingerprint[fingerprint]
