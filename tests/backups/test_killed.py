"""A process is killed while it backs up or restores: nothing partial is left, and work goes on."""

import signal
import time

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from backups.errors import BackupRunning
from backups.format.manifests import Signed
from backups.installation import Installation
from backups.models import Run
from backups.restore.recovery import recover
from backups.stores import Store
from backups.stores.layout import data_prefix
from backups.take.making import Made, backup_make
from devstack.stack import Stack
from patients.models import Patient
from tenants.context import clinic_scope, platform_scope
from tenants.errors import ClinicBeingRestored
from tenants.models import Clinic
from tests.backups.conftest import keys_of
from tests.backups.dumps import dumped, leftovers
from tests.backups.processes import environ, stopped
from tests.backups.rebuilding import backed_up, somebody
from tests.people import FreshClinic

_BACKUP = """
import django, os, sys
django.setup()
from backups.take import full, making
from django.core.management import call_command
def stopping(kept, *, after):
    def stop(*args, **kwargs):
        done = kept(*args, **kwargs) if after else None
        print("here", flush=True)
        sys.stdin.read()
    return stop
if os.environ["STOP_AT"] == "before the manifest":
    full.write_manifest = stopping(full.write_manifest, after=False)
elif os.environ["STOP_AT"] == "after the manifest":
    full.write_manifest = stopping(full.write_manifest, after=True)
else:
    making.documents_kept = stopping(making.documents_kept, after=True)
call_command("backup", os.environ["CLINIC"])
"""
_COPYING = """
import django, os, sys
django.setup()
from backups.installation import Installation
from backups.take.making import backup_make
from core.actor import acting_as_job
from tenants.context import platform_scope
from tenants.models import Clinic
def stop(table, written):
    if table == os.environ["STOP_AT"]:
        print("here", flush=True)
        sys.stdin.read()
with platform_scope():
    clinic = Clinic.objects.get(schema_name=os.environ["CLINIC"])
with acting_as_job("tests"):
    backup_make(Installation(), clinic=clinic, progress=stop)
"""
_RESTORE = """
import django, os, sys
django.setup()
from django.core.management import call_command
from backups.restore import in_place, loading, staging
def stop(*args, **kwargs):
    print("here", flush=True)
    sys.stdin.read()
places = {
    "rows": (loading.Loading, "_finish"),
    "rules": (staging, "build_rules"),
    "trail": (in_place, "_carry_over"),
    "swap": (in_place, "swap"),
}
setattr(*places[os.environ["STOP_AT"]], stop)
call_command("restore", "latest", "--clinic", os.environ["CLINIC"], "--noinput")
"""


# --- While it backs up --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "listed"),
    [("before any object", 0), ("before the manifest", 0), ("after the manifest", 1)],
)
def test_a_killed_backup_is_there_as_a_whole_or_not_at_all(
    place: str,
    listed: int,
    clinic: Clinic,
    configured: Store,
    settings: Settings,
    stack: Stack,
) -> None:
    chosen = {"STOP_AT": place, "CLINIC": clinic.schema_name}
    process = stopped(_BACKUP, environ(settings, stack) | chosen)

    process.send_signal(signal.SIGKILL)
    process.communicate()

    assert len(list(Installation().catalogue(clinic.id))) == listed

    made = once_free(clinic)
    assert made.signed is not None
    call_command("verify_backup", str(made.signed.manifest.backup_id), "--deep")
    assert len(list(Installation().catalogue(clinic.id))) == listed + 1

    with_objects = {key.split("/")[3] for key in keys_of(configured) if "/data/" in key}
    assert len(with_objects) == listed + 1


def test_a_killed_backup_is_never_listed_and_the_next_run_cleans_up(
    clinic: Clinic, configured: Store, settings: Settings, stack: Stack
) -> None:
    chosen = {"STOP_AT": "patients_patient", "CLINIC": clinic.schema_name}
    process = stopped(_COPYING, environ(settings, stack) | chosen)

    with pytest.raises(BackupRunning):
        backup_make(Installation(), clinic=clinic)

    process.send_signal(signal.SIGKILL)
    process.communicate()

    assert list(Installation().catalogue(clinic.id)) == []

    made = once_free(clinic)
    assert made.signed is not None
    with platform_scope():
        dead, done = Run.objects.filter(clinic=clinic).order_by("started_at")

    assert (dead.state, dead.error) == (Run.State.FAILED, "The process ended halfway.")
    assert done.state == Run.State.DONE
    assert [s.manifest.backup_id for s in Installation().catalogue(clinic.id)] == [
        made.signed.manifest.backup_id
    ]
    assert dead.backup_id is not None
    assert keys_of(configured, data_prefix(clinic.id, dead.backup_id)) == []


def once_free(clinic: Clinic) -> Made:
    """Back up, once the server notices that the process is gone."""
    for _ in range(100):
        try:
            return backup_make(Installation(), clinic=clinic)
        except BackupRunning:
            time.sleep(0.1)
    raise TimeoutError("the lock is still held")


# --- While it restores --------------------------------------------------------------------------


@pytest.fixture
def full(fresh_clinic: FreshClinic, configured: Store) -> Signed:
    """A full backup, and a patient added after it."""
    made = backed_up(configured, fresh_clinic.route)
    with clinic_scope(fresh_clinic.route):
        Patient.objects.create(**somebody(1))

    return made


def restore(clinic: FreshClinic) -> None:
    call_command("restore", "latest", "--clinic", clinic.route.schema, "--noinput")


def names(clinic: FreshClinic) -> set[str]:
    with clinic_scope(clinic.route):
        return {patient.name for patient in Patient.objects.all()}


@pytest.mark.parametrize("place", ["rows", "rules", "trail", "swap"])
def test_a_killed_restore_keeps_writes_refused_until_it_is_recovered(
    place: str, fresh_clinic: FreshClinic, full: Signed, stack: Stack, settings: Settings
) -> None:
    schema = fresh_clinic.route.schema
    before = dumped(stack, schema)
    chosen = {"STOP_AT": place, "CLINIC": schema}
    process = stopped(_RESTORE, environ(settings, stack) | chosen)

    with pytest.raises(CommandError, match="at work"):
        restore(fresh_clinic)
    assert names(fresh_clinic) == {"Paciente Modelo", "Paciente 1"}

    process.send_signal(signal.SIGKILL)
    process.communicate()

    with clinic_scope(fresh_clinic.route), pytest.raises(ClinicBeingRestored):
        Patient.objects.create(**somebody(2))

    free(fresh_clinic)
    assert dumped(stack, schema) == before
    assert leftovers(stack) == []

    restore(fresh_clinic)
    assert names(fresh_clinic) == {"Paciente Modelo"}


def free(clinic: FreshClinic) -> None:
    """Wait until the server notices that the process is gone."""
    for _ in range(100):
        if clinic.route.schema in recover(clinic.route.shard):
            recover(clinic.route.shard)  # the dead process's other locks are free by now
            return
        time.sleep(0.1)
    raise TimeoutError("the lock is still held")
