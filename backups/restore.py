"""Restoring a clinic in place, and undoing it.

The order, so that any failure before the swap leaves the clinic as it was: what the store says is
checked; writes are refused; the schema is built aside and proven; the trail is carried over; swap.
From the carrying over until the swap nobody seals or migrates the clinic.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID

import psycopg

from audit.capture.privileges import grant
from backups.catalogue import Catalogue, read_catalogue
from backups.configuration import trusted_keys
from backups.documents import documents_returned
from backups.errors import (
    ManifestRefused,
    NoRestorePoint,
    NoSuchBackup,
    NotCovered,
    SchemaMissing,
    WrittenSince,
)
from backups.failures import server_failures
from backups.fence import fence, lift
from backups.locking import neither_sealed_nor_migrated, sole_run
from backups.manifests import Document, Kind, Signed
from backups.recovery import recover
from backups.sign_ins import keep_sign_ins
from backups.staging import Progress, Staging, silent, staged
from backups.stores import Store
from backups.swap import RestorePoint, restore_points, swap
from backups.trail import keep_trail, record_restore, written_after
from backups.versions import brought_forward, refuse_behind, refuse_newer_backup
from core.actor import current_actor
from tenants.context import ClinicRoute
from tenants.errors import ShardUnavailable
from tenants.fleet import code_head
from tenants.postgresql.owner import owner_connection
from tenants.schemas import schema_exists

Latest = Literal["latest"]
_NONE: Mapping[UUID, datetime] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: the moment it reached, by which clock, and what it changed."""

    backup_id: UUID
    reached: datetime
    by_commit: bool
    changed: int
    kept: int
    lost: int
    restore_point: str
    documents_missing: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """For a command's output."""
        return {
            "backup": str(self.backup_id),
            "reached": self.reached.isoformat(),
            "clock": "commit time" if self.by_commit else "time of each change",
            "objects_changed": self.changed,
            "trail_rows_kept": self.kept,
            "passwords_lost": self.lost,
            "restore_point": self.restore_point,
            "documents_missing": {
                "count": len(self.documents_missing),
                "names": list(self.documents_missing),
            },
        }


def documents_of(chain: tuple[Signed, ...]) -> Iterator[Document]:
    """The files that the backups of the chain list."""
    for signed in chain:
        yield from signed.manifest.documents


def chain_to(
    store: Store,
    clinic_id: UUID,
    backup: UUID | Latest,
    until: datetime | None = None,
    *,
    covered: Mapping[UUID, datetime] = _NONE,
) -> tuple[Signed, ...]:
    """The backups to restore, oldest first.

    `until`: the newest that reach this moment, whatever `backup` is; `covered` says of backups
    until when nothing changed after them. Raises NoSuchBackup, NotCovered, ChainBroken, and
    ManifestRefused where no backup is to be trusted.
    """
    catalogue = read_catalogue(store, clinic_id, trusted_keys())
    if catalogue.refused and not catalogue.backups:
        raise ManifestRefused(catalogue.refused[0].key, catalogue.refused[0].reason)
    if until is not None:
        return _chain_until(catalogue, until, covered)
    if backup != "latest":
        return catalogue.chain(backup)
    latest = catalogue.latest()
    if latest is None:
        raise NoSuchBackup(clinic=clinic_id)
    return catalogue.chain(latest.manifest.backup_id)


def clinic_restore(
    *,
    store: Store,
    route: ClinicRoute,
    chain: tuple[Signed, ...],
    until: datetime | None = None,
    progress: Progress = silent,
) -> Restored:
    """Put the clinic back to what the chain says, in place. Somebody must act.

    Raises BackupError, with the clinic as it was.
    """
    recover(route.shard)
    refuse_newer_backup(store, chain[0].manifest)
    with server_failures(), owner_connection(route.shard) as connection:
        with sole_run(route), _fenced(connection, route):
            missing = documents_returned(store, documents_of(chain), route.clinic_id)
            with (
                staged(store, chain, route, until=until, progress=progress) as staging,
                neither_sealed_nor_migrated(connection, route.schema),
            ):
                changed, kept, since = _carry_over(staging, route.schema, chain[-1], until)
                point = swap(
                    connection,
                    live=route.schema,
                    staging=staging.schema,
                    clinic_id=route.clinic_id,
                    head=code_head(),
                    since=since,
                )
    return Restored(
        backup_id=chain[-1].manifest.backup_id,
        reached=staging.reached,
        by_commit=staging.by_commit,
        changed=changed,
        kept=kept,
        lost=staging.lost,
        restore_point=point.schema,
        documents_missing=missing,
    )


def restore_undo(*, route: ClinicRoute, discard: bool = False) -> RestorePoint:
    """Swap back what the last restore replaced; returns where the restored state is now.

    Its trail is carried over, too; what an older release left is migrated first. Raises
    NoRestorePoint, SchemaTooNew, ClinicBehind, and WrittenSince unless `discard`.
    """
    recover(route.shard)
    with server_failures(), owner_connection(route.shard) as connection:
        with sole_run(route), connection.cursor() as cursor:
            points = restore_points(cursor, route.clinic_id)
            if not points:
                raise NoRestorePoint(schema=route.schema)
            point = brought_forward(connection, route.shard, points[0])
            with (
                _fenced(connection, route),
                neither_sealed_nor_migrated(connection, route.schema),
            ):
                _work_in(cursor, route.schema)
                written = written_after(cursor, point.xid)
                if written and not discard:
                    raise WrittenSince(versions=written)
                _work_in(cursor, point.schema)
                with connection.transaction():
                    set_actor(cursor)
                    _, since = keep_trail(cursor, route.schema)
                    keep_sign_ins(cursor, route.schema)
                    record_restore(cursor, reason="restore undone", details={})
                    grant(cursor, f'"{point.schema}"', in_directory=False)
                return swap(
                    connection,
                    live=route.schema,
                    staging=point.schema,
                    clinic_id=route.clinic_id,
                    head=point.head,
                    since=since,
                )


@contextmanager
def _fenced(connection: psycopg.Connection[Any], route: ClinicRoute) -> Iterator[None]:
    """Refuse writes to the schema that has this name now, not to the one that takes its place."""
    schema = route.schema
    with connection.cursor() as cursor:
        if not schema_exists(cursor, schema):
            raise SchemaMissing(schema=schema)
        refuse_behind(connection, schema)
        cursor.execute("SELECT to_regnamespace(%s)::oid", [f'"{schema}"'])
        fenced: Any = cursor.fetchone()
    fence(connection, schema)
    try:
        yield
    except BaseException:
        _lift_unless_swapped(route.shard, schema, fenced[0])
        raise


def _lift_unless_swapped(shard: str, schema: str, fenced: int) -> None:
    """On a connection of its own: the other may be what failed."""
    try:
        with owner_connection(shard) as connection:
            row: Any = connection.execute(
                "SELECT to_regnamespace(%s)::oid", [f'"{schema}"']
            ).fetchone()
            if row[0] == fenced:
                lift(connection, schema)
    except (ShardUnavailable, psycopg.OperationalError):
        pass  # the server is down: `recover` lifts the fence when it is back


def _carry_over(
    staging: Staging, live: str, last: Signed, until: datetime | None
) -> tuple[int, int, str]:
    """The live schema's trail and sign-ins, and what the restore changes, into the one aside.

    Returns how many objects changed, how many rows were carried over, and until which snapshot.
    """
    with staging.connection.transaction(), staging.connection.cursor() as cursor:
        refuse_behind(staging.connection, live)
        set_actor(cursor)
        kept, since = keep_trail(cursor, live)
        keep_sign_ins(cursor, live)
        details = {"backup": last.manifest.backup_id, "reached": staging.reached}
        reason = f"restore to {(until or staging.reached).isoformat(timespec='seconds')}"
        changed = record_restore(cursor, reason=reason, details=details)
    return changed, kept, since


def set_actor(cursor: Any) -> None:
    """Name whoever acts for the triggers, in the transaction under way."""
    cursor.execute("SELECT set_config('fisioflow.actor', %s, true)", [current_actor().as_setting()])


def _work_in(cursor: Any, schema: str) -> None:
    cursor.execute("SELECT set_config('search_path', %s, false)", [f'"{schema}", pg_temp'])


def _chain_until(
    catalogue: Catalogue, until: datetime, covered: Mapping[UUID, datetime]
) -> tuple[Signed, ...]:
    """The newest full taken until then, and the increments up to the first that ends later.

    And one more: a commit has its time before others see it, and may be in the increment after.
    """
    fulls = [
        signed
        for signed in catalogue
        if signed.manifest.kind is Kind.FULL and signed.manifest.created_at <= until
    ]
    if not fulls:
        raise NoSuchBackup(
            "No full backup is that old. Choose a later moment: manage.py backups lists them."
        )
    continued = {
        signed.manifest.parent.backup_id: signed for signed in catalogue if signed.manifest.parent
    }
    last, reached = fulls[-1].manifest, False
    while not reached and (above := continued.get(last.backup_id)) is not None:
        reached = last.created_at >= until
        last = above.manifest
    if (end := max(last.created_at, covered.get(last.backup_id, last.created_at))) < until:
        raise NotCovered(end=end.isoformat())
    return catalogue.chain(last.backup_id)
