"""Failures while a backup is made: no partial backup is listed, and the next run works."""

import json
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from pytest_django import Settings

from backups.errors import ServerFailed, StoreError
from backups.installation import Installation
from backups.models import Run
from backups.snapshot.snapshot import Snapshot
from backups.snapshot.tables import rows_of_table
from backups.stores import Store
from backups.stores.s3 import S3Store, s3_client
from backups.take import full as fulls
from backups.take import making
from backups.take.making import backup_make
from core.ids import uuid7
from devstack.stack import Stack
from patients.models import Patient
from tenants.context import ClinicRoute, clinic_scope, platform_scope
from tenants.models import Clinic
from tenants.postgresql.base import SHARD_COOL_DOWN
from tests.backups.conftest import Rclone, keys_of
from tests.backups.faults import FaultyProxy, faulty_proxy


def last_run(clinic: Clinic) -> Run:
    with platform_scope():
        return Run.objects.filter(clinic=clinic).latest("started_at")


# --- PostgreSQL ---------------------------------------------------------------------------------


@pytest.fixture
def a_shard_that_dies(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Kill the shard's server, as a power cut would, once the rows are read."""
    kept = Snapshot.outlast_crashes

    def die(snapshot: Snapshot) -> None:
        daemon = stack.clusters["shard_1"].daemon
        if (pid := daemon.pid()) is not None:
            os.kill(pid, signal.SIGQUIT)
            while daemon.pid() is not None:
                time.sleep(0.05)
        kept(snapshot)

    monkeypatch.setattr(Snapshot, "outlast_crashes", die)
    yield
    connections.close_all()
    stack.start("shard_1")
    time.sleep(SHARD_COOL_DOWN)


def test_a_dead_server_is_one_line_and_other_clinics_get_their_backups(
    clinic: Clinic,
    norte: ClinicRoute,
    sul: ClinicRoute,
    a_shard_that_dies: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(CommandError, match="Fix the cause and run it again"):
        call_command("backup", "--all", "--json")

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    said = {line["clinic"]: line for line in lines}

    assert "\n" not in said[clinic.schema_name]["error"]

    on_the_other_shard = [r for r in (norte, sul) if r.shard != "shard_1"]
    for route in on_the_other_shard:
        assert said[route.schema]["kind"] == "full"

    assert list(Installation().catalogue(clinic.id)) == []


def test_the_failure_is_kept_without_the_servers_own_words(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        with clinic_scope(clinic.route), connections[clinic.route.shard].cursor() as cursor:
            cursor.execute("SELECT 'Ana de Tal'::int")

    monkeypatch.setattr(making, "write_full", refused)

    with pytest.raises(ServerFailed) as failure:
        backup_make(Installation(), clinic=clinic)
    assert "Ana" not in str(failure.value)
    assert "Ana" not in last_run(clinic).error


# --- The store ----------------------------------------------------------------------------------


def in_a_bucket(settings: Settings, address: str) -> S3Store:
    client = s3_client(address, attempts=2)
    name = f"b-{uuid7()}"
    client.create_bucket(Bucket=name)
    settings.BACKUP_STORE_URL = f"s3://{name}/production"
    settings.BACKUP_STORE_ENDPOINT_URL = address
    return S3Store(client, name, "production/")


def test_an_operators_day_with_a_bucket_behind_a_bad_network(
    clinic: Clinic, moto: str, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = clinic.schema_name

    with faulty_proxy(moto) as (proxy, address):
        store = in_a_bucket(settings, address)
        survives(proxy)
        call_command("backup", schema)
        with clinic_scope(clinic.route):
            Patient.objects.update(name="Outro Nome")
        survives(proxy)
        call_command("backup", schema, "--incremental")
        full, increment = Installation().catalogue(clinic.id)
        survives(proxy)
        call_command("verify_backup", str(increment.manifest.backup_id), "--deep")
        proxy.fail("answer slowly", "GET", "data.sql")
        call_command("restore", str(full.manifest.backup_id), "--clinic", schema, "--noinput")
        with clinic_scope(clinic.route):
            assert Patient.objects.get().name == "Paciente Modelo"
        before = keys_of(store)
        proxy.fail("cut the answer", "GET", "data.sql", times=9)

        with pytest.raises(CommandError) as failure:
            call_command("restore", str(full.manifest.backup_id), "--clinic", schema, "--noinput")
        assert "\n" not in str(failure.value)

        with clinic_scope(clinic.route):  # writes are allowed again
            Patient.objects.update(name="Outro Nome")

        assert keys_of(store) == before


def survives(proxy: FaultyProxy) -> None:
    """Faults that a client survives by trying again."""
    proxy.fail("refuse", "PUT")
    proxy.fail("lose the answer", "PUT", "data.sql")
    proxy.fail("refuse", "GET", "data.sql")
    proxy.fail("answer slowly", "GET", "manifests")


def test_a_store_that_is_killed_halfway_leaves_no_backup(
    clinic: Clinic, rclone: Rclone, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_bucket(settings, rclone.address)

    def gone(*args: Any, **options: Any) -> Any:
        rclone.kill()
        return rows_of_table(*args, **options)

    monkeypatch.setattr(fulls, "rows_of_table", gone)

    with pytest.raises(StoreError) as failure:
        backup_make(Installation(), clinic=clinic)
    assert "\n" not in str(failure.value)
    assert last_run(clinic).state == Run.State.FAILED

    monkeypatch.undo()
    rclone.start()
    settings.BACKUP_STORE_ENDPOINT_URL = rclone.address

    assert list(Installation().catalogue(clinic.id)) == []
    assert backup_make(Installation(), clinic=clinic).signed is not None


def test_a_full_disk_leaves_no_backup(
    clinic: Clinic, configured: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> int:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("backups.stores.folder.os.fsync", full)

    with pytest.raises(StoreError) as failure:
        backup_make(Installation(), clinic=clinic)
    assert "\n" not in str(failure.value)

    monkeypatch.undo()
    assert list(Installation().catalogue(clinic.id)) == []
    assert backup_make(Installation(), clinic=clinic).signed is not None
