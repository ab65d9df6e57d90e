"""Ctrl-C gives one line and status 130, and leaves nothing half-done."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from backups.installation import Installation
from backups.models import Run
from backups.restore import staging
from backups.take import full as fulls
from backups.take.making import backup_make
from devstack.stack import Stack
from patients.models import Patient
from tenants.context import clinic_scope
from tenants.models import Clinic
from tests.backups.dumps import dumped, leftovers
from tests.backups.rebuilding import somebody
from tests.backups.test_faults_backup import last_run


def ctrl_c(*_: Any) -> None:
    raise KeyboardInterrupt


def interrupted(*command: str) -> None:
    with pytest.raises(CommandError, match="Interrupted") as failure:
        call_command(*command)
    assert failure.value.returncode == 130


def test_an_interrupted_backup(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fulls, "write_manifest", ctrl_c)
    interrupted("backup", clinic.schema_name)
    assert last_run(clinic).state == Run.State.FAILED
    assert list(Installation().catalogue(clinic.id)) == []
    monkeypatch.undo()
    assert backup_make(Installation(), clinic=clinic).signed is not None


def test_an_interrupted_restore(
    clinic: Clinic, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup_make(Installation(), clinic=clinic)
    before = dumped(stack, clinic.schema_name)
    monkeypatch.setattr(staging, "build_rules", ctrl_c)
    interrupted("restore", "latest", "--clinic", clinic.schema_name, "--noinput")

    assert dumped(stack, clinic.schema_name) == before
    assert leftovers(stack) == []

    with clinic_scope(clinic.route):  # writes are allowed again
        Patient.objects.create(**somebody(2))
