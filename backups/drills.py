"""Drills: a backup is restored aside, proven, and forgotten. What was drilled is known to restore.

Every row is compared with the backup, byte for byte, every rule is built, so that every constraint
holds, and every row is what its history says. Every document is opened.
"""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db.models import Exists, OuterRef, Subquery

from backups.configuration import configured_store
from backups.documents import documents_damaged, open_document
from backups.errors import DocumentsDamaged, NewestRefused
from backups.failures import server_failures
from backups.models import Run
from backups.proof import prove_histories
from backups.recovery import recover
from backups.restore import chain_to, documents_of
from backups.services import recorded
from backups.staging import Progress, silent, staged
from tenants.context import platform_scope
from tenants.models import Clinic

RETRY_AFTER = timedelta(hours=1)


def clinics_to_drill(now: datetime) -> list[Clinic]:
    """The active clinics whose last full hasn't been drilled, nor tried within the last hour."""
    runs = Run.objects.filter(clinic=OuterRef("pk"))
    full = runs.filter(kind=Run.Kind.FULL, state=Run.State.DONE).order_by("-started_at")
    drills = runs.filter(kind=Run.Kind.DRILL)
    proven = drills.filter(state=Run.State.DONE, started_at__gt=OuterRef("last_full"))
    tried = drills.filter(started_at__gt=now - RETRY_AFTER)
    clinics = Clinic.objects.filter(status=Clinic.Status.ACTIVE).select_related("shard")
    clinics = clinics.annotate(last_full=Subquery(full.values("started_at")[:1]))
    return list(clinics.filter(~Exists(proven), ~Exists(tried), last_full__isnull=False))


def _newest_full(clinic: Clinic) -> UUID | None:
    fulls = Run.objects.filter(clinic=clinic, kind=Run.Kind.FULL, state=Run.State.DONE)
    return fulls.order_by("-started_at").values_list("backup_id", flat=True).first()


def drill_run(*, clinic: Clinic, backup_id: UUID | None = None, progress: Progress = silent) -> Run:
    """Drill a backup of the clinic (default: the latest); the run is the proof.

    Raises BackupError, which the run keeps.
    """
    store, route = configured_store(), clinic.route
    chain = chain_to(store, clinic.id, backup_id or "latest")
    recover(route.shard)
    with platform_scope(), recorded(clinic, Run.Kind.DRILL, chain[-1].manifest.backup_id) as run:
        newest = None if backup_id else _newest_full(clinic)
        if newest and newest != chain[0].manifest.backup_id:
            raise NewestRefused(backup=newest)
        with server_failures(), staged(store, chain, route, progress=progress) as staging:
            prove_histories(staging.connection)
        opened = partial(open_document, store)
        run.damaged = documents_damaged(documents_of(chain), opened)
        if run.damaged:
            raise DocumentsDamaged(documents=len(run.damaged), first=run.damaged[0])
        run.size = sum(item.stored.length for s in chain for item in s.manifest.objects)
    return run
