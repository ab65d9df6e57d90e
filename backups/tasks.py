"""Scheduled work: every minute, a backup is queued for each clinic whose moment has come.

Each task acts as a job of its own name (core.actor.acting_as_job).
"""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from backups.errors import BackupRunning
from backups.installation import Installation
from backups.keep.pruning import backup_prune
from backups.restore.drills import clinics_to_drill, drill_run
from backups.restore.recovery import recover
from backups.schedule import increment_every, standings
from backups.take.making import backup_make
from core.actor import acting_as_job
from tenants.context import platform_scope
from tenants.models import Clinic, Shard

_LONGEST = 6 * 3600  # seconds for one clinic's backup or drill


@shared_task
def back_up_due_clinics() -> int:
    """Queue a backup for each clinic whose moment has come; returns how many.

    A backup that no worker took before the clinic's next moment expires.
    """
    now = timezone.now()
    with platform_scope():
        due = [s for s in standings() if s.is_full_due(now) or s.is_increment_due(now)]

    for standing in due:
        back_up_clinic.apply_async(
            (str(standing.clinic.id),), expires=increment_every().total_seconds()
        )

    return len(due)


@shared_task(time_limit=_LONGEST)
def back_up_clinic(clinic_id: str) -> str:
    """Make the clinic's full or increment, if one is still due; returns what was done."""
    now = timezone.now()
    with platform_scope():
        found = standings(clinic_id=UUID(clinic_id))
    if not found:  # closed since it was queued
        return "closed"

    (standing,) = found
    full = standing.is_full_due(now)
    if not (full or standing.is_increment_due(now)):
        return "not due"

    with acting_as_job("backup"):
        try:
            backup_make(Installation(), clinic=standing.clinic, incremental=not full)
        except BackupRunning:
            return "running"

    return "full" if full else "increment"


@shared_task
def prune_every_clinic() -> int:
    """Queue the pruning of every clinic's backups, closed clinics included; returns how many."""
    with platform_scope():
        ids = list(Clinic.objects.values_list("id", flat=True))

    for clinic_id in ids:
        prune_clinic.delay(str(clinic_id))
    return len(ids)


@shared_task(autoretry_for=(BackupRunning,), retry_backoff=60, retry_kwargs={"max_retries": 5})
def prune_clinic(clinic_id: str) -> None:
    """Remove the clinic's backups past the retention."""
    with platform_scope():
        clinic = Clinic.objects.get(id=clinic_id)
    with acting_as_job("prune_backups"):
        backup_prune(Installation(), clinic=clinic)


@shared_task
def drill_fresh_fulls() -> int:
    """Queue a drill for each clinic whose last full is unproven; returns how many."""
    with platform_scope():
        clinics = clinics_to_drill(timezone.now())

    for clinic in clinics:
        drill_clinic.apply_async((str(clinic.id),), expires=3600)
    return len(clinics)


@shared_task(time_limit=_LONGEST)
def drill_clinic(clinic_id: str) -> None:
    """Restore the clinic's latest backup aside, and prove it."""
    with platform_scope():
        clinic = Clinic.objects.get(id=clinic_id)
    with acting_as_job("drill"):
        drill_run(Installation(), clinic=clinic)


@shared_task
def recover_shards() -> int:
    """Free clinics whose restore died, and drop old restore points; returns how many it freed."""
    with platform_scope():
        shards = list(Shard.objects.values_list("alias", flat=True))
    with acting_as_job("recover"):
        return sum(len(recover(shard)) for shard in shards)
