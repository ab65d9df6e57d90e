"""The backup commands as an operator types them, and their output."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from backups.format.keys import read_identities, read_signing_key
from backups.installation import Installation
from backups.snapshot.locks import backup_lock
from backups.stores import Store
from patients.models import Patient
from tenants.context import clinic_scope, platform_scope
from tenants.fleet import migration_digest
from tenants.models import Clinic
from tests.people import FreshClinic


def said(*args: Any, **options: Any) -> str:
    out = StringIO()
    call_command(*args, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def said_json(*args: Any, **options: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said(*args, json=True, **options).splitlines()]


def test_a_day_of_an_operator(fresh_clinic: FreshClinic, configured: Store) -> None:
    name = fresh_clinic.route.schema
    (full,) = said_json("backup", name)

    assert full["kind"] == "full"

    with clinic_scope(fresh_clinic.route):
        Patient.objects.update(name="Outro Nome")
    (increment,) = said_json("backup", name, incremental=True)

    assert increment["kind"] == "increment"
    assert "nothing changed until" in said("backup", name, incremental=True)

    listed = said_json("backups", name)
    assert [row["backup"] for row in listed] == [full["backup"], increment["backup"]]
    assert [row["problem"] for row in listed] == ["", ""]
    assert "chain ok" in said("backups", name)
    assert "is whole" in said("verify_backup", increment["backup"])

    (pruned,) = said_json("prune_backups", name, dry_run=True)
    assert pruned["removed"] == []
    assert set(pruned["kept"]) == {full["backup"], increment["backup"]}


def test_a_broken_chain_is_reported(fresh_clinic: FreshClinic, configured: Store) -> None:
    name = fresh_clinic.route.schema
    said("backup", name)
    with clinic_scope(fresh_clinic.route):
        Patient.objects.update(name="Outro Nome")
    said("backup", name, incremental=True)
    with platform_scope():
        clinic = Clinic.objects.get(schema_name=name)
    full = next(iter(Installation().catalogue(clinic.id)))
    configured.delete(full.manifest.key)

    with pytest.raises(CommandError, match="1 of them can't be restored"):
        said("backups", name)
    with pytest.raises(CommandError, match="is missing"):
        said(
            "verify_backup",
            str(next(iter(Installation().catalogue(clinic.id))).manifest.backup_id),
        )


def test_an_unknown_clinic_and_an_unknown_backup_are_refused(configured: Store) -> None:
    with pytest.raises(CommandError, match="No such clinic: nowhere"):
        said("backup", "nowhere")
    with pytest.raises(CommandError, match="name its clinic"):
        said("verify_backup", str(uuid4()))


def test_a_running_backup_has_exit_status_3(fresh_clinic: FreshClinic, configured: Store) -> None:
    with backup_lock(fresh_clinic.route), pytest.raises(CommandError) as under_way:
        said("backup", fresh_clinic.route.schema)

    assert under_way.value.returncode == 3


def test_a_failed_backup_has_exit_status_1(
    fresh_clinic: FreshClinic, configured: Store, settings: Settings
) -> None:
    settings.BACKUP_RECIPIENTS = []

    with pytest.raises(CommandError) as failed:
        said("backup", fresh_clinic.route.schema)

    assert failed.value.returncode == 1


_LEAN = """
import django, sys
django.setup()
from tenants.fleet import migration_digest
print(migration_digest(), "celery" in sys.modules, "rest_framework" in sys.modules)
"""


def test_the_commands_load_no_more_than_they_need() -> None:
    lean = os.environ | {"DJANGO_SETTINGS_MODULE": "fisioflow.settings_backups"}
    done = subprocess.run(
        [sys.executable, "-c", _LEAN], env=lean, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [migration_digest(), "False", "False"]


def test_keys_are_never_overwritten(tmp_path: Path) -> None:
    found = json.loads(said("backup_keys", str(tmp_path / "keys"), json=True))
    assert read_identities(Path(found["BACKUP_IDENTITY_FILE"]))
    signing = read_signing_key(Path(found["BACKUP_SIGNING_KEY_FILE"]))
    assert signing.public == found["BACKUP_TRUSTED_KEYS"]
    with pytest.raises(CommandError, match="File exists"):
        said("backup_keys", str(tmp_path / "keys"))
