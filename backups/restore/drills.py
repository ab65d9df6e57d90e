"""Drills: a backup is restored aside, proven, and dropped. So it is known to restore.

A drill compares every row with the backup, byte for byte; builds every rule, so that every
constraint holds; compares every row with its history; and opens every document.
"""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db.models import Exists, OuterRef, Subquery

from backups.errors import DocumentsDamaged, NewestRefused
from backups.installation import Installation
from backups.models import Run
from backups.progress import StepsProgress, silent
from backups.restore.chain import chain_to, documents_of
from backups.restore.documents import documents_damaged, open_document
from backups.restore.proof import prove_histories
from backups.restore.recovery import recover
from backups.restore.staging import staged
from backups.runs import recorded
from backups.snapshot.connection import server_failures
from tenants.context import platform_scope
from tenants.models import Clinic

RETRY_AFTER = timedelta(hours=1)


def clinics_to_drill(now: datetime) -> list[Clinic]:
    """The active clinics whose last full wasn't drilled yet, nor tried within the last hour."""
    runs = Run.objects.filter(clinic=OuterRef("pk"))
    full = runs.filter(kind=Run.Kind.FULL, state=Run.State.DONE).order_by("-started_at")
    drills = runs.filter(kind=Run.Kind.DRILL)
    proven = drills.filter(state=Run.State.DONE, started_at__gt=OuterRef("last_full"))
    tried = drills.filter(started_at__gt=now - RETRY_AFTER)

    clinics = Clinic.objects.filter(status=Clinic.Status.ACTIVE).select_related("shard")
    clinics = clinics.annotate(last_full=Subquery(full.values("started_at")[:1]))
    return list(clinics.filter(~Exists(proven), ~Exists(tried), last_full__isnull=False))


def drill_run(
    installation: Installation,
    *,
    clinic: Clinic,
    backup_id: UUID | None = None,
    progress: StepsProgress = silent,
) -> Run:
    """Drill a backup of the clinic (default: the latest); the run is the proof.

    The actor is the job that the command or the task names. Raises BackupError; the run keeps it.
    """
    route = clinic.route
    chain = chain_to(installation, clinic.id, backup_id or "latest")
    recover(route.shard)

    with platform_scope(), recorded(clinic, Run.Kind.DRILL, chain[-1].manifest.backup_id) as run:
        newest = None if backup_id else _newest_full(clinic)
        if newest and newest != chain[0].manifest.backup_id:
            raise NewestRefused(backup=newest)

        with server_failures(), staged(installation, chain, route, progress=progress) as staging:
            prove_histories(staging.connection)

        opened = partial(open_document, installation)
        run.damaged = documents_damaged(documents_of(chain), opened)
        if run.damaged:
            raise DocumentsDamaged(documents=len(run.damaged), first=run.damaged[0])

        run.size = sum(item.stored.length for s in chain for item in s.manifest.objects)

    return run


def _newest_full(clinic: Clinic) -> UUID | None:
    fulls = Run.objects.filter(clinic=clinic, kind=Run.Kind.FULL, state=Run.State.DONE)
    return fulls.order_by("-started_at").values_list("backup_id", flat=True).first()
