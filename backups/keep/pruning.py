"""Removing backups past the retention, and what dead runs left.

The actor is the job that the command or the task names (core.actor.acting_as_job).
"""

from django.utils import timezone

from backups.installation import Installation
from backups.keep.retention import RetentionPlan, delete_backup, plan_retention, sweep
from backups.runs import forget_runs, proven_backups
from backups.snapshot.locks import backup_lock
from tenants.models import Clinic


def backup_prune(
    installation: Installation, *, clinic: Clinic, dry_run: bool = False
) -> RetentionPlan:
    """Remove backups past the retention, and what dead runs left; returns what was decided.

    Raises BackupRunning, BackupError.
    """
    store, keep, now = installation.store, installation.retention, timezone.now()

    with backup_lock(clinic.route):
        catalogue = installation.catalogue(clinic.id)
        proven = proven_backups(clinic.id)
        plan = plan_retention(catalogue, proven=proven, now=now, keep=keep)

        if not dry_run:
            for signed in plan.delete:
                delete_backup(store, signed)
            sweep(store, clinic.id, trusted=installation.trusted, now=now)
            forget_runs(clinic, before=now - keep, kept=set(plan.kept))

    return plan
