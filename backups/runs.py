"""The runs that the directory keeps: backups, verifications, drills and restores."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from backups.models import Run
from backups.snapshot.directory_record import has_directory
from core.errors import FisioFlowError
from core.ids import uuid7
from tenants.context import platform_scope
from tenants.models import Clinic

BACKUPS = (Run.Kind.FULL, Run.Kind.INCREMENT)
HALFWAY = "The process ended halfway."  # the error of a run that died
_LONGEST_ERROR = 500  # characters
_BEGINNING = timedelta(minutes=1)  # time for a restore to take the lock


@contextmanager
def recorded(clinic: Clinic, kind: Run.Kind, backup_id: UUID | None = None) -> Iterator[Run]:
    """The run's row: done when the block ends, failed when it raises."""
    run = Run.objects.create(clinic=clinic, kind=kind, backup_id=backup_id or uuid7())

    try:
        yield run
    except BaseException as error:
        # The message of a foreign exception may quote a row.
        said = str(error) if isinstance(error, FisioFlowError) else type(error).__name__
        run.state, run.error = Run.State.FAILED, said[:_LONGEST_ERROR] or "failed"
        raise
    else:
        run.state = Run.State.DONE
    finally:
        run.finished_at = timezone.now()
        run.save()


def last_backup_run(clinic_id: UUID) -> Run | None:
    """The last run that wrote a backup of the clinic."""
    done = Run.objects.filter(clinic_id=clinic_id, kind__in=BACKUPS, state=Run.State.DONE)
    return done.exclude(backup_id=None).order_by("-started_at").first()


def proven_backups(clinic_id: UUID) -> set[UUID]:
    """The backups that a drill restored and compared."""
    if not has_directory():
        return set()

    drills = Run.objects.filter(clinic_id=clinic_id, kind=Run.Kind.DRILL, state=Run.State.DONE)
    with platform_scope():
        return {found for found in drills.values_list("backup_id", flat=True) if found}


def covered_until(clinic_id: UUID) -> dict[UUID, datetime]:
    """For each backup made here, the moment up to which nothing else had changed."""
    made = Run.objects.filter(clinic_id=clinic_id, kind__in=BACKUPS, state=Run.State.DONE)
    with platform_scope():
        found = made.values_list("backup_id", "covers_until")
        return {backup_id: until for backup_id, until in found if backup_id and until}


def damaged_documents(clinic_id: UUID) -> set[str]:
    """The keys of the objects that a drill or a verification found damaged."""
    runs = Run.objects.filter(clinic_id=clinic_id).exclude(damaged=[])
    return {key for keys in runs.values_list("damaged", flat=True) for key in keys}


def forget_runs(clinic: Clinic, *, before: datetime, kept: set[UUID]) -> None:
    """Remove the rows of runs that began before then, except those of the `kept` backups."""
    with platform_scope():
        runs = Run.objects.filter(clinic=clinic, started_at__lt=before)
        runs.exclude(backup_id__in=kept).delete()


def settle_dead_restores(clinic: Clinic) -> None:
    """Mark restores that died as failed. The caller holds the clinic's backup lock.

    A restore that is just beginning doesn't have the lock yet, so young runs are left as they are.
    """
    with platform_scope():
        dead = Run.objects.filter(
            clinic=clinic,
            kind=Run.Kind.RESTORE,
            state=Run.State.RUNNING,
            started_at__lt=timezone.now() - _BEGINNING,
        )
        dead.update(state=Run.State.FAILED, error=HALFWAY, finished_at=timezone.now())
