"""Commands and tasks of the trail act by their own names: nobody need act around them."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from audit.models import Event, EventKind
from audit.tasks import seal_clinic, seal_clinics_of_this_slot, seal_platform
from core.actor import Actor, acting
from tenants.context import clinic_scope
from tests.people import FreshClinic


@pytest.mark.parametrize("command", ["seal_audit", "verify_audit"])
def test_a_command_needs_no_actor_around_it(command: str, fresh_clinic: FreshClinic) -> None:
    with acting(Actor()):
        call_command(command, fresh_clinic.route.schema, stdout=StringIO())


@pytest.mark.parametrize("command", ["export_audit", "export_seals"])
def test_an_export_is_an_event_of_its_command(
    command: str, fresh_clinic: FreshClinic, tmp_path: Path
) -> None:
    with acting(Actor()):
        call_command(
            command, fresh_clinic.route.schema, "-o", str(tmp_path / "out"), stdout=StringIO()
        )

    with clinic_scope(fresh_clinic.route):
        assert Event.objects.get(kind=EventKind.EXPORTED).actor_label == f"job:{command}"


def test_the_tasks_need_no_actor_around_them(
    fresh_clinic: FreshClinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal_clinic, "delay", lambda _clinic_id: None)
    monkeypatch.setattr(seal_platform, "delay", lambda: None)

    with acting(Actor()):
        assert seal_clinics_of_this_slot() >= 0
        assert seal_clinic(str(fresh_clinic.route.clinic_id)) > 0
        assert seal_platform() >= 0
