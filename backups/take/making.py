"""Making a backup: a full, or an increment where the chain goes on.

Every run is recorded in the directory. The actor is the job that the command or the task names
(core.actor.acting_as_job).
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone

from audit.events.services import event_record
from audit.models import EventKind
from backups.format.manifests import BackupKind, Manifest, Signed
from backups.installation import Installation
from backups.models import Run
from backups.progress import BytesProgress, silent
from backups.runs import BACKUPS, HALFWAY, damaged_documents, last_backup_run, recorded
from backups.snapshot.connection import server_failures
from backups.snapshot.locks import backup_lock
from backups.snapshot.snapshot import Snapshot, snapshot_of
from backups.store_readme import write_readme
from backups.stores import Store
from backups.stores.layout import data_prefix, manifest_key
from backups.take.documents import documents_added, documents_kept
from backups.take.full import write_full
from backups.take.increments import write_increment
from backups.take.parents import (
    chain_to_continue,
    documents_in_chain,
    trusted_manifest,
    unchanged_until,
)
from core.ids import uuid7
from tenants.context import ClinicRoute, clinic_scope, platform_scope
from tenants.errors import ClinicClosed
from tenants.models import Clinic


@dataclass(frozen=True, slots=True)
class Made:
    """The result of a run. `signed` is None when nothing had changed.

    `size` is in bytes. `because` says why a full was made where an increment was asked for.
    """

    signed: Signed | None
    covers_until: datetime
    size: int
    because: str = ""

    @property
    def kind(self) -> str:
        """`full`, `increment`, or `unchanged`."""
        return "unchanged" if self.signed is None else BackupKind(self.signed.manifest.kind).value


def backup_make(
    installation: Installation,
    *,
    clinic: Clinic,
    incremental: bool = False,
    progress: BytesProgress = silent,
) -> Made:
    """Back up the whole clinic, or only what changed since its last backup.

    An increment that can't continue the chain becomes a full. When nothing changed, the last run
    covers the time until now, and nothing is written to the store. Raises BackupRunning when
    another run is under way, BackupError, ShardUnavailable.
    """
    route = clinic.route
    _ = installation.recipients  # a missing setting is reported before anything is read

    with platform_scope(), server_failures():
        if incremental and (made := _nothing_changed(installation, route)):
            return made

        with backup_lock(route):
            _settle_dead_runs(installation.store, clinic)
            return _make(installation, clinic, incremental=incremental, progress=progress)


def _nothing_changed(installation: Installation, route: ClinicRoute) -> Made | None:
    """The last run, now covering the time until now; None when there is something to back up."""
    run = last_backup_run(route.clinic_id)
    if run is None:
        return None

    parent = trusted_manifest(installation, route.clinic_id, run.backup_id)
    if parent is None or (moment := unchanged_until(route, parent)) is None:
        return None

    Run.objects.filter(id=run.id, covers_until__lt=moment).update(covers_until=moment)
    return Made(None, moment, 0)


def _make(
    installation: Installation, clinic: Clinic, *, incremental: bool, progress: BytesProgress
) -> Made:
    """Make what was asked for. A full is preceded by the increment that ends where it begins.

    So a chain reaches every moment, whenever the fulls were made.
    """
    route = clinic.route
    run = last_backup_run(clinic.id)
    last = trusted_manifest(installation, clinic.id, run.backup_id) if run else None

    with snapshot_of(route) as snapshot:
        full, because = chain_to_continue(installation, route, snapshot, last)
        if last and full:
            made = _increment(installation, clinic, snapshot, full, last, progress)
            if incremental:
                return made
            last = made.signed or last

        made = _full(installation, clinic, snapshot, last, progress)

    if made.signed:
        _record_event(route, made.signed)
    return replace(made, because=because if incremental else "")


def _increment(
    installation: Installation,
    clinic: Clinic,
    snapshot: Snapshot,
    full: Manifest,
    parent: Signed,
    progress: BytesProgress,
) -> Made:
    backup_id, damaged = uuid7(), damaged_documents(clinic.id)

    with recorded(clinic, Run.Kind.INCREMENT, backup_id) as run:
        documents = documents_added(
            installation, backup_id, full=full, parent=parent.manifest, damaged=damaged
        )
        signed = write_increment(
            installation,
            clinic.route,
            snapshot,
            parent,
            backup_id=backup_id,
            documents=documents,
            progress=progress,
        )
        _fill_in(run, snapshot, signed)
        if signed is None:  # what changed was rolled back, or this snapshot doesn't see it yet
            run.backup_id = None

    return Made(signed, snapshot.taken_at, run.size)


def _full(
    installation: Installation,
    clinic: Clinic,
    snapshot: Snapshot,
    last: Signed | None,
    progress: BytesProgress,
) -> Made:
    backup_id, damaged = uuid7(), damaged_documents(clinic.id)

    with recorded(clinic, Run.Kind.FULL, backup_id) as run:
        write_readme(installation.store)
        known = documents_in_chain(installation, clinic.id, last)
        documents = documents_kept(installation, clinic.id, backup_id, known, damaged)
        signed = write_full(
            installation,
            clinic.route,
            snapshot,
            backup_id=backup_id,
            documents=documents,
            progress=progress,
        )
        _fill_in(run, snapshot, signed)

    return Made(signed, snapshot.taken_at, run.size)


def _fill_in(run: Run, snapshot: Snapshot, signed: Signed | None) -> None:
    run.covers_until = snapshot.taken_at
    if signed:
        run.size = sum(item.stored.length for item in signed.manifest.objects)


def _settle_dead_runs(store: Store, clinic: Clinic) -> None:
    """Remove what dead runs left. The caller holds the lock, so a run under way must be dead."""
    dead = Run.objects.filter(clinic=clinic, kind__in=BACKUPS, state=Run.State.RUNNING)

    for run in dead:
        if run.backup_id and store.size(manifest_key(clinic.id, run.backup_id)) is None:
            for item in store.listed(data_prefix(clinic.id, run.backup_id)):
                store.delete(item.key)

    dead.update(state=Run.State.FAILED, error=HALFWAY, finished_at=timezone.now())


def _record_event(route: ClinicRoute, signed: Signed) -> None:
    """Leave an event in the clinic's trail, for fulls only.

    The event itself is a change to back up: after an increment, the next one would have to hold it.
    """
    manifest = signed.manifest
    details = {
        "backup": manifest.backup_id,
        "count": sum(table.rows for table in manifest.tables),
        "documents": len(manifest.documents),
    }

    with suppress(ClinicClosed), clinic_scope(route):  # a closed clinic's trail has ended
        event_record(kind=EventKind.BACKED_UP, details=details)
