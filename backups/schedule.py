"""When backups are due: each clinic at its own moments, so that a shard gets them one by one."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Max, Q, QuerySet

from backups.models import Run
from tenants.models import Clinic

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
LATE = 3  # a schedule counts as missed when this many increments in a row are missing


@dataclass(frozen=True, slots=True)
class Standing:
    """How a clinic's backups stand. None means that there never was one."""

    clinic: Clinic
    covered_until: datetime | None  # the recovery point
    last_full: datetime | None
    last_proven: datetime | None

    @classmethod
    def of(cls, clinic: Any) -> "Standing":
        """The standing in a row of `with_standing`."""
        return cls(clinic, clinic.covered_until, clinic.last_full, clinic.last_proven)

    def is_full_due(self, now: datetime) -> bool:
        """Whether the clinic's moment for a full has come since the last one began."""
        begins = slot(self.clinic.id, now, full_every())
        return self.last_full is None or self.last_full < begins

    def is_increment_due(self, now: datetime) -> bool:
        """Whether the clinic's moment for an increment has come since the last one."""
        begins = slot(self.clinic.id, now, increment_every())
        return self.covered_until is None or self.covered_until < begins

    def is_missed(self, now: datetime) -> bool:
        """Whether LATE increments are missing, or the full is late by an hour."""
        if self.covered_until is None or self.last_full is None:
            return now - self.clinic.created_at > full_every()

        return (
            now - self.covered_until > LATE * increment_every()
            or now - self.last_full > full_every() + timedelta(hours=1)
        )

    def is_proven(self, now: datetime) -> bool:
        """Whether a restore was tried and compared within two days."""
        return self.last_proven is not None and now - self.last_proven < timedelta(days=2)


def full_every() -> timedelta:
    """The time between fulls."""
    return timedelta(hours=settings.BACKUP_FULL_HOURS)


def increment_every() -> timedelta:
    """The time between increments."""
    return timedelta(minutes=settings.BACKUP_INCREMENT_MINUTES)


def slot(clinic_id: UUID, now: datetime, every: timedelta) -> datetime:
    """The clinic's latest moment of those that come once in `every`, at an offset of its own."""
    offset = timedelta(seconds=clinic_id.int % int(every.total_seconds()))
    return now - (now - _EPOCH - offset) % every


def with_standing(clinics: QuerySet[Any]) -> QuerySet[Any]:
    """The clinics with what their Standing needs, in one query."""
    made = Q(backup_runs__state=Run.State.DONE)
    full = made & Q(backup_runs__kind=Run.Kind.FULL)
    drill = made & Q(backup_runs__kind=Run.Kind.DRILL)

    found: QuerySet[Any] = clinics.annotate(
        covered_until=Max("backup_runs__covers_until", filter=made),
        last_full=Max("backup_runs__started_at", filter=full),
        last_proven=Max("backup_runs__finished_at", filter=drill),
    )

    return found


def standings(clinic_id: UUID | None = None) -> list[Standing]:
    """The standing of every active clinic, or of this one if it is active."""
    clinics = Clinic.objects.filter(status=Clinic.Status.ACTIVE)
    if clinic_id:
        clinics = clinics.filter(id=clinic_id)

    return [Standing.of(clinic) for clinic in with_standing(clinics.order_by("schema_name"))]
