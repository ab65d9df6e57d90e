"""What a killed restore leaves, and how it goes: a fence with nobody behind it, a schema aside.

Runs before every restore, undo and drill, and on the schedule.
"""

from datetime import datetime, timedelta

from django.utils import timezone

from backups.errors import BackupRunning
from backups.fence import fenced_among, is_fenced, lift
from backups.locking import sole_run
from backups.models import Run
from backups.staging import sweep
from backups.swap import drop_old_restore_points
from tenants.context import platform_scope
from tenants.models import Clinic
from tenants.postgresql.owner import owner_connection

_BEGINNING = timedelta(minutes=1)  # in which a restore takes the lock


def recover(shard: str, *, now: datetime | None = None) -> list[str]:
    """Lift fences of restores that died, sweep their schemas; returns the clinics set free.

    Old restore points go, too. Raises ShardUnavailable.
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
                with sole_run(clinic.route):
                    if is_fenced(connection, clinic.schema_name):
                        lift(connection, clinic.schema_name)
                        freed.append(clinic.schema_name)
                    _settle(clinic)
            except BackupRunning:  # a restore that lives
                continue
    return freed


def _settle(clinic: Clinic) -> None:
    """Say of a restore that it died. Who holds the lock knows; one that begins has no lock yet."""
    with platform_scope():
        dead = Run.objects.filter(
            clinic=clinic,
            kind=Run.Kind.RESTORE,
            state=Run.State.RUNNING,
            started_at__lt=timezone.now() - _BEGINNING,
        )
        dead.update(
            state=Run.State.FAILED, error="The process ended halfway.", finished_at=timezone.now()
        )
