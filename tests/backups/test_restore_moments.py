"""`restore --at` together with the other options, and what the output says about time."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from psycopg import sql
from pytest_django import Settings

from audit.models import Event, EventKind
from backups.format.manifests import Signed
from backups.installation import Installation
from backups.restore.chain import chain_to
from backups.restore.in_place import clinic_restore
from backups.stores import Store
from backups.take import increments
from backups.take.making import backup_make
from core.actor import acting_as_job
from patients.models import Patient
from tenants.context import clinic_scope, platform_scope
from tenants.models import Clinic
from tests.backups.rebuilding import backed_up, somebody
from tests.backups.test_moments import register
from tests.people import FreshClinic


@pytest.fixture
def clinic(fresh_clinic: FreshClinic, configured: Store) -> Clinic:
    """Backed up; then Paciente 1 and 2 were added; then every name was spoilt."""
    with platform_scope():
        found: Clinic = Clinic.objects.get(id=fresh_clinic.route.clinic_id)
    backup_make(Installation(), clinic=found)
    return found


@pytest.fixture
def moment(clinic: Clinic) -> datetime:
    """After the first patient came, before the second did."""
    between = register(clinic, 1)
    register(clinic, 2)
    with clinic_scope(clinic.route):
        Patient.objects.update(name="Estragado")
    return between


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    call_command("restore", "latest", *arguments, "--json")
    return json.loads(capsys.readouterr().out)


def names(schema: str) -> list[str]:
    with platform_scope():
        route = Clinic.objects.get(schema_name=schema).route
    with clinic_scope(route):
        return sorted(Patient.objects.values_list("name", flat=True))


def test_a_dry_run_at_a_moment_compares_with_that_moment(
    clinic: Clinic, moment: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ("--clinic", clinic.schema_name, "--at", moment.isoformat())
    assert said(capsys, *at, "--dry-run")["would_change"] == [
        {"table": "patients_patient", "missing": 0, "added": 1, "changed": 2}
    ]
    assert names(clinic.schema_name) == ["Estragado"] * 3


def test_one_patient_comes_back_as_of_a_moment(
    clinic: Clinic, moment: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    with clinic_scope(clinic.route):
        patient = Patient.objects.get(cpf=somebody(1)["cpf"])
    only = ("--only", "patients", "--where", f"id={patient.id}", "--noinput")
    at = ("--clinic", clinic.schema_name, "--at", moment.isoformat())

    assert said(capsys, *at, *only)["rows"] == 1
    assert names(clinic.schema_name) == ["Estragado", "Estragado", "Paciente 1"]


def test_a_copy_holds_the_clinic_as_of_a_moment(
    clinic: Clinic, moment: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = f"{clinic.schema_name}_antes"
    at = ("--clinic", clinic.schema_name, "--at", moment.isoformat(), "--as", copy)
    done = said(capsys, *at, "--noinput")

    assert (done["clinic"], done["clock"]) == (copy, "commit time")
    assert names(copy) == ["Paciente 1", "Paciente Modelo"]
    assert names(clinic.schema_name) == ["Estragado"] * 3


def test_a_server_without_commit_times_goes_by_the_changes_and_says_so(
    clinic: Clinic,
    moment: datetime,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(increments, "_commit_time", lambda _: sql.SQL("NULL::timestamptz"))
    at = ("--clinic", clinic.schema_name, "--at", moment.isoformat(), "--noinput")

    assert said(capsys, *at)["clock"] == "time of each change"
    assert names(clinic.schema_name) == ["Paciente 1", "Paciente Modelo"]


def test_a_damaged_increment_leaves_the_clinic_as_it_was(
    clinic: Clinic, moment: datetime, settings: Settings
) -> None:
    made = backup_make(Installation(), clinic=clinic, incremental=True).signed
    assert made is not None
    (data,) = made.manifest.objects
    path = Path(settings.BACKUP_STORE_URL.removeprefix("file://")) / data.key
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)

    with pytest.raises(CommandError, match="Use another backup") as failure:
        call_command("restore", "latest", "--clinic", clinic.schema_name, "--noinput")
    assert "\n" not in str(failure.value)
    assert names(clinic.schema_name) == ["Estragado"] * 3

    register(clinic, 3)


def test_after_a_restore_the_next_backup_is_a_full(clinic: Clinic, moment: datetime) -> None:
    at = ("--at", moment.isoformat(), "--noinput")
    call_command("restore", "latest", "--clinic", clinic.schema_name, *at)
    made = backup_make(Installation(), clinic=clinic, incremental=True)
    assert made.because == "the clinic was restored (another schema of this name)"


def test_a_transaction_that_spans_the_swap_goes_on_in_the_restored_clinic(
    fresh_clinic: FreshClinic, configured: Store
) -> None:
    route = fresh_clinic.route
    backed_up(configured, route)
    chain = chain_to(Installation(), route.clinic_id, "latest")

    with acting_as_job("tests"), clinic_scope(route), transaction.atomic(using=route.shard):
        assert Patient.objects.count() == 1

        with connections[route.shard].cursor() as cursor:
            cursor.execute("SELECT to_regnamespace(current_schema())::oid")
            before = cursor.fetchone()

        restored_beside(configured, fresh_clinic, chain)
        patient = Patient.objects.get()
        Event.objects.create(kind=EventKind.CHART_VIEWED, patient_id=patient.id)
        with connections[route.shard].cursor() as cursor:
            cursor.execute("SELECT to_regnamespace(current_schema())::oid")
            assert cursor.fetchone() != before

    with clinic_scope(route):
        assert Event.objects.filter(kind=EventKind.CHART_VIEWED).count() == 1


def restored_beside(store: Store, clinic: FreshClinic, chain: tuple[Signed, ...]) -> None:
    def restore() -> None:
        with acting_as_job("restore"):
            clinic_restore(Installation(store), route=clinic.route, chain=chain)
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(restore).result()
