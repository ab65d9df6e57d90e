"""Making backups, looking at them, and removing them. Every run is kept in the directory."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from audit.events.services import event_record
from audit.models import EventKind
from backups.catalogue import Catalogue, read_catalogue
from backups.configuration import configured_store, recipients, retention, trusted_keys
from backups.documents import UNSOUND, documents_added, documents_kept
from backups.errors import DocumentsDamaged, ManifestRefused, NoSuchBackup, ObjectMissing
from backups.facts import clinic_known, has_directory
from backups.failures import server_failures
from backups.full import Progress, silent, write_full
from backups.increments import unchanged_until, write_increment
from backups.known import continued, damaged_documents, known_documents
from backups.layout import data_prefix, documents_prefix, manifest_key
from backups.locking import sole_run
from backups.manifests import Kind, Manifest, Signed, read_manifest
from backups.models import Run
from backups.objects import verify_stored
from backups.retention import RetentionPlan, delete_backup, plan_retention, sweep
from backups.source import Source, source_of
from backups.store_readme import write_readme
from backups.stores import Store
from core.errors import FisioFlowError
from core.ids import uuid7
from tenants.context import ClinicRoute, clinic_scope, platform_scope
from tenants.errors import ClinicClosed
from tenants.models import Clinic

_LONGEST_ERROR = 500  # characters


@dataclass(frozen=True, slots=True)
class Made:
    """What a run came to. `signed` is None when nothing had changed.

    `because` says why a full was made where an increment was asked for.
    """

    signed: Signed | None
    covers_until: datetime
    size: int
    because: str = ""


def backup_make(*, clinic: Clinic, incremental: bool = False, progress: Progress = silent) -> Made:
    """Back the clinic up: wholly, or what changed since its last backup.

    An increment that can't continue the chain becomes a full. When nothing changed, the last run
    covers the time until now, and nothing is written to the store. Raises BackupRunning when
    another run is under way, BackupError, ShardUnavailable.
    """
    store, route = configured_store(), clinic.route
    recipients()  # a missing setting is said before anything is read
    with platform_scope(), server_failures():
        if incremental and (made := _heartbeat(store, route)):
            return made
        with sole_run(route):
            _settle_dead_runs(store, clinic)
            return _make(store, clinic, incremental=incremental, progress=progress)


def backup_catalogue(*, clinic_id: UUID) -> Catalogue:
    """The clinic's backups, as the store has them. Raises BackupError."""
    return read_catalogue(configured_store(), clinic_id, trusted_keys())


def backup_proven(*, clinic_id: UUID) -> set[UUID]:
    """The backups that a drill restored and compared."""
    if not has_directory():
        return set()
    drills = Run.objects.filter(clinic_id=clinic_id, kind=Run.Kind.DRILL, state=Run.State.DONE)
    with platform_scope():
        return {found for found in drills.values_list("backup_id", flat=True) if found}


def backup_covered(clinic_id: UUID) -> dict[UUID, datetime]:
    """Of the backups that runs here made: until when there was nothing else to back up."""
    made = Run.objects.filter(clinic_id=clinic_id, kind__in=_BACKUPS, state=Run.State.DONE)
    with platform_scope():
        found = made.values_list("backup_id", "covers_until")
        return {backup_id: until for backup_id, until in found if backup_id and until}


def backup_verify(*, clinic_id: UUID, backup_id: UUID, progress: Progress = silent) -> int:
    """See that everything that restores this backup is in the store; returns the bytes read.

    Signatures, the chain, and the bytes of every object; no key is needed. Documents are all looked
    at: the next full writes those again that are damaged. Raises NoSuchBackup, ChainBroken,
    StoreError, CutShort, Altered and their like, DocumentsDamaged.
    """
    store, catalogue = configured_store(), backup_catalogue(clinic_id=clinic_id)
    if backup_id not in {signed.manifest.backup_id for signed in catalogue}:
        for refused in catalogue.refused:
            if str(backup_id) in refused.key:
                raise ManifestRefused(refused.key, refused.reason)
        raise NoSuchBackup(backup=backup_id)
    chain, read = catalogue.chain(backup_id), 0
    items = {item.key: item for signed in chain for item in signed.manifest.stored_objects}
    documents, clinic = documents_prefix(clinic_id), clinic_known(str(clinic_id))
    kept = recorded(clinic, Run.Kind.VERIFY, backup_id) if clinic else nullcontext(Run())
    with platform_scope(), kept as run:
        for key, item in items.items():
            try:
                verify_stored(store, item)
            except UNSOUND:
                if not key.startswith(documents):
                    raise
                run.damaged.append(key)
            read += item.stored.length
            progress(key, read)
        run.size = read
        if run.damaged:
            raise DocumentsDamaged(documents=len(run.damaged), first=run.damaged[0])
    return read


def backup_prune(*, clinic: Clinic, dry_run: bool = False) -> RetentionPlan:
    """Remove backups past the retention, and what runs that died left; returns what was decided.

    Raises BackupRunning, BackupError.
    """
    store, now = configured_store(), timezone.now()
    with sole_run(clinic.route):
        catalogue = backup_catalogue(clinic_id=clinic.id)
        proven = backup_proven(clinic_id=clinic.id)
        plan = plan_retention(catalogue, proven=proven, now=now, keep=retention())
        if not dry_run:
            for signed in plan.delete:
                delete_backup(store, signed)
            sweep(store, clinic.id, trusted=trusted_keys(), now=now)
            _forget_runs(clinic, before=now - retention(), kept=set(plan.kept))
    return plan


def _heartbeat(store: Store, route: ClinicRoute) -> Made | None:
    run, parent = _last_backup(store, route.clinic_id)
    if run is None or parent is None or (moment := unchanged_until(route, parent)) is None:
        return None
    Run.objects.filter(id=run.id, covers_until__lt=moment).update(covers_until=moment)
    return Made(None, moment, 0)


def _make(store: Store, clinic: Clinic, *, incremental: bool, progress: Progress) -> Made:
    """What was asked for. A full is preceded by the increment that ends where it begins.

    So every moment is reached by a chain, whenever the fulls were made.
    """
    route = clinic.route
    _, last = _last_backup(store, clinic.id)
    with source_of(route) as source:
        below, because = continued(store, route, source, last)
        if last and below:
            made = _increment(store, clinic, source, below, last, progress)
            if incremental:
                return made
            last = made.signed or last
        made = _full(store, clinic, source, last, progress)
    if made.signed:
        _tell(route, made.signed)
    return replace(made, because=because if incremental else "")


def _increment(
    store: Store,
    clinic: Clinic,
    source: Source,
    full: Manifest,
    parent: Signed,
    progress: Progress,
) -> Made:
    backup_id, damaged = uuid7(), damaged_documents(clinic.id)
    with recorded(clinic, Run.Kind.INCREMENT, backup_id) as run:
        signed = write_increment(
            store,
            clinic.route,
            source,
            parent,
            backup_id=backup_id,
            documents=documents_added(
                store, backup_id, full=full, parent=parent.manifest, damaged=damaged
            ),
            progress=progress,
        )
        _note(run, source, signed)
        if signed is None:  # what changed was rolled back, or this snapshot doesn't see it yet
            run.backup_id = None
    return Made(signed, source.taken_at, run.size)


def _full(
    store: Store, clinic: Clinic, source: Source, last: Signed | None, progress: Progress
) -> Made:
    backup_id, damaged = uuid7(), damaged_documents(clinic.id)
    with recorded(clinic, Run.Kind.FULL, backup_id) as run:
        write_readme(store)
        known = known_documents(store, clinic.id, last)
        signed = write_full(
            store,
            clinic.route,
            source,
            backup_id=backup_id,
            documents=documents_kept(store, clinic.id, backup_id, known, damaged),
            progress=progress,
        )
        _note(run, source, signed)
    return Made(signed, source.taken_at, run.size)


def _note(run: Run, source: Source, signed: Signed | None) -> None:
    run.covers_until = source.taken_at
    if signed:
        run.size = sum(item.stored.length for item in signed.manifest.objects)


@contextmanager
def recorded(clinic: Clinic, kind: Run.Kind, backup_id: UUID | None = None) -> Iterator[Run]:
    """The run's row: done when the block ends, failed when it raises."""
    run = Run.objects.create(clinic=clinic, kind=kind, backup_id=backup_id or uuid7())
    try:
        yield run
    except BaseException as error:
        # A message of another's may quote a row.
        said = str(error) if isinstance(error, FisioFlowError) else type(error).__name__
        run.state, run.error = Run.State.FAILED, said[:_LONGEST_ERROR] or "failed"
        raise
    else:
        run.state = Run.State.DONE
    finally:
        run.finished_at = timezone.now()
        run.save()


def _last_backup(store: Store, clinic_id: UUID) -> tuple[Run | None, Signed | None]:
    """The last backup that a run here made, if it is still there and to be trusted."""
    run = (
        Run.objects.filter(clinic_id=clinic_id, kind__in=_BACKUPS, state=Run.State.DONE)
        .exclude(backup_id=None)
        .order_by("-started_at")
        .first()
    )
    if run is None or run.backup_id is None:
        return None, None
    try:
        return run, read_manifest(store, clinic_id, run.backup_id, trusted_keys())
    except (ManifestRefused, ObjectMissing):
        return run, None


def _settle_dead_runs(store: Store, clinic: Clinic) -> None:
    """Remove what runs left that never ended. Who holds the lock knows that they are dead."""
    dead = Run.objects.filter(clinic=clinic, kind__in=_BACKUPS, state=Run.State.RUNNING)
    for run in dead:
        if run.backup_id and store.size(manifest_key(clinic.id, run.backup_id)) is None:
            for item in store.listed(data_prefix(clinic.id, run.backup_id)):
                store.delete(item.key)
    dead.update(
        state=Run.State.FAILED, error="The process ended halfway.", finished_at=timezone.now()
    )


def _forget_runs(clinic: Clinic, *, before: datetime, kept: set[UUID]) -> None:
    with platform_scope():
        runs = Run.objects.filter(clinic=clinic, started_at__lt=before)
        runs.exclude(backup_id__in=kept).delete()


def _tell(route: ClinicRoute, signed: Signed) -> None:
    """Leave an event in the clinic's trail. Fulls alone: an event is a change to back up, too."""
    manifest = signed.manifest
    details = {
        "backup": manifest.backup_id,
        "count": sum(table.rows for table in manifest.tables),
        "documents": len(manifest.documents),
    }
    with suppress(ClinicClosed), clinic_scope(route):  # a closed clinic's trail has ended
        event_record(kind=EventKind.BACKED_UP, details=details)


_BACKUPS = (Run.Kind.FULL, Run.Kind.INCREMENT)


def kind_of(made: Made) -> str:
    """`full`, `increment`, or `unchanged`."""
    return "unchanged" if made.signed is None else Kind(made.signed.manifest.kind).value
