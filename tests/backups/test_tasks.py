"""The schedule: which clinics are due or missed, and what the gauges say."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from backups import tasks
from backups.models import Run
from backups.schedule import Standing, full_every, increment_every, slot, standings
from backups.stores import Store
from core.ids import uuid7
from tenants.context import ClinicRoute, platform_scope
from tenants.models import Clinic
from tests.people import FreshClinic

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.without_database
def test_each_clinic_has_moments_of_its_own() -> None:
    day = timedelta(days=1)
    ids = [UUID(int=(0x0192F000 << 96) + number * 7919) for number in range(500)]
    moments = [slot(clinic_id, NOW, day) for clinic_id in ids]
    assert all(NOW - day < moment <= NOW for moment in moments)
    assert len({moment.hour for moment in moments}) == 24
    for clinic_id, moment in zip(ids, moments, strict=True):
        assert slot(clinic_id, NOW + day, day) == moment + day


def kept_schedule() -> Standing:
    """A clinic whose last backups are those of its latest moments."""
    clinic = Clinic(id=UUID(int=90), created_at=NOW - timedelta(days=90))
    full = slot(clinic.id, NOW, full_every())
    part = slot(clinic.id, NOW, increment_every())

    return Standing(clinic, part, full, NOW)


@pytest.mark.without_database
def test_a_kept_schedule_has_nothing_due() -> None:
    standing = kept_schedule()

    assert not standing.is_full_due(NOW)
    assert not standing.is_increment_due(NOW)
    assert not standing.is_missed(NOW)
    assert standing.is_proven(NOW)


@pytest.mark.without_database
def test_a_backup_is_due_first_and_missed_later() -> None:
    standing, later = kept_schedule(), NOW + increment_every()

    assert standing.is_increment_due(later)
    assert not standing.is_missed(later)
    assert standing.is_missed(NOW + 4 * increment_every())
    assert standing.is_full_due(NOW + full_every())


@pytest.mark.without_database
def test_an_old_clinic_without_backups_is_due_and_missed() -> None:
    never = Standing(kept_schedule().clinic, None, None, None)

    assert never.is_full_due(NOW)
    assert never.is_missed(NOW)
    assert not never.is_proven(NOW)


def test_the_schedule_backs_up_and_then_rests(
    fresh_clinic: FreshClinic, configured: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued: list[Any] = []
    monkeypatch.setattr(
        tasks.back_up_clinic, "apply_async", lambda args, **options: queued.append((args, options))
    )
    clinic_id = str(fresh_clinic.route.clinic_id)

    assert tasks.back_up_due_clinics() == len(queued)
    assert ((clinic_id,), {"expires": 300.0}) in queued
    assert tasks.back_up_clinic(clinic_id) == "full"
    assert tasks.back_up_clinic(clinic_id) == "not due"
    assert tasks.back_up_clinic(str(uuid7())) == "closed"

    tasks.prune_clinic(clinic_id)


def test_metrics_count_clinics_by_state(norte: ClinicRoute, in_platform: None) -> None:
    def value(name: str, state: str) -> float | None:
        return REGISTRY.get_sample_value(f"fisioflow_backup_{name}_clinics", {"state": state})

    missed, proven = value("schedule", "missed"), value("proof", "proven")
    assert missed is not None
    assert proven is not None
    with platform_scope():
        clinic = Clinic.objects.get(id=norte.clinic_id)
        now = datetime.now(UTC)
        Clinic.objects.filter(id=clinic.id).update(created_at=now - timedelta(days=9))

        assert value("schedule", "missed") == missed + 1

        for kind in (Run.Kind.FULL, Run.Kind.DRILL):
            Run.objects.create(
                clinic=clinic, kind=kind, state="done", finished_at=now, covers_until=now
            )

        (standing,) = standings(clinic.id)

    assert standing.covered_until == now
    assert value("schedule", "missed") == missed
    assert value("proof", "proven") == proven + 1
