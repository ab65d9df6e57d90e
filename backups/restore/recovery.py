"""Cleaning up after a killed restore: a fence that nobody lifts, a schema aside.

Runs before every restore, undo and drill, and on the schedule.
"""

from datetime import datetime

from django.utils import timezone

from backups.errors import BackupRunning
from backups.restore.fence import fenced_among, is_fenced, lift
from backups.restore.staging import sweep
from backups.restore.swap import drop_old_restore_points
from backups.runs import settle_dead_restores
from backups.snapshot.locks import backup_lock
from tenants.context import platform_scope
from tenants.models import Clinic
from tenants.postgresql.owner import owner_connection


def recover(shard: str, *, now: datetime | None = None) -> list[str]:
    """Lift the fences and drop the schemas of restores that died; returns the clinics set free.

    Drops old restore points, too. Raises ShardUnavailable.
    """
    with platform_scope():
        clinics = list(Clinic.objects.filter(shard_id=shard))

    freed = []
    with owner_connection(shard) as connection:
        sweep(connection)
        drop_old_restore_points(connection, now=now or timezone.now())
        fenced = fenced_among(connection, [clinic.schema_name for clinic in clinics])

        for clinic in clinics:
            if clinic.schema_name not in fenced:
                continue
            try:
                with backup_lock(clinic.route):
                    if is_fenced(connection, clinic.schema_name):
                        lift(connection, clinic.schema_name)
                        freed.append(clinic.schema_name)
                    settle_dead_restores(clinic)
            except BackupRunning:  # the restore is alive
                continue

    return freed
