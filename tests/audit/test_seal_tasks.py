"""Every clinic is sealed once an hour, each at its own time."""

from typing import Any

import pytest
import time_machine

from audit import tasks
from audit.models import Seal
from audit.tasks import seal_clinic, seal_clinics_of_this_slot, seal_platform
from fisioflow.celery import app
from tenants.context import clinic_scope, platform_scope
from tenants.models import Clinic
from tests.people import FreshClinic


def test_the_hour_reaches_every_clinic_once(
    fresh_clinic: FreshClinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueued: list[str] = []
    monkeypatch.setattr(seal_clinic, "delay", enqueued.append)
    monkeypatch.setattr(seal_platform, "delay", lambda: enqueued.append("public"))

    for minute in range(0, 60, 5):
        with time_machine.travel(f"2027-03-01T10:{minute:02}:03Z", tick=False):
            seal_clinics_of_this_slot()

    with platform_scope():
        clinics = [str(clinic.id) for clinic in Clinic.objects.all()]
    assert sorted(enqueued) == sorted([*clinics, "public"])


def test_a_clinic_is_sealed_in_its_own_scope(fresh_clinic: FreshClinic) -> None:
    clinic_id = str(fresh_clinic.route.clinic_id)
    assert seal_clinic(clinic_id) > 0
    assert seal_clinic(clinic_id) == 0
    with clinic_scope(fresh_clinic.route):
        assert Seal.objects.count() == 1


def test_the_directory_is_sealed(fresh_clinic: FreshClinic) -> None:
    seal_platform()
    assert seal_platform() == 0


def test_the_schedule_has_the_slots() -> None:
    entries: list[Any] = [
        entry
        for entry in app.conf.beat_schedule.values()
        if entry["task"] == seal_clinics_of_this_slot.name
    ]
    [entry] = entries
    assert len(entry["schedule"].minute) == tasks.SLOTS
