"""Failures before the swap: the clinic is as it was, and the next restore works."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from pytest_django import Settings

from backups.format.keys import make_identity, make_signing_key
from backups.format.manifests import Signed
from backups.restore import staging
from backups.restore.recovery import recover
from backups.stores import Store
from devstack.stack import Stack
from patients.models import Patient
from tenants.context import clinic_scope
from tests.backups.dumps import dumped
from tests.backups.rebuilding import backed_up, somebody
from tests.people import FreshClinic


def restore(clinic: FreshClinic, *options: str) -> None:
    call_command("restore", "latest", "--clinic", clinic.route.schema, "--noinput", *options)


def names(clinic: FreshClinic) -> set[str]:
    with clinic_scope(clinic.route):
        return {patient.name for patient in Patient.objects.all()}


@pytest.fixture
def full(fresh_clinic: FreshClinic, configured: Store) -> Signed:
    """A full backup, and a patient added after it."""
    made = backed_up(configured, fresh_clinic.route)
    with clinic_scope(fresh_clinic.route):
        Patient.objects.create(**somebody(1))
    return made


# --- Failures of the store ---------------------------------------------------------------------


def objects_of(settings: Settings) -> list[Path]:
    root = Path(settings.BACKUP_STORE_URL.removeprefix("file://"))
    return [path for path in root.rglob("*") if path.is_file()]


def the_data(settings: Settings) -> Path:
    (found,) = [path for path in objects_of(settings) if path.name == "data.sql.zst.age"]
    found.chmod(0o600)
    return found


def flip(settings: Settings) -> None:
    path = the_data(settings)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(at: Callable[[int], int]) -> Callable[[Any], None]:
    def damage(settings: Settings) -> None:
        path = the_data(settings)
        content = path.read_bytes()
        path.write_bytes(content[: at(len(content))])

    return damage


def lose(name: str) -> Callable[[Any], None]:
    def damage(settings: Settings) -> None:
        for path in objects_of(settings):
            if path.match(name):
                path.unlink()

    return damage


def other_identity(settings: Settings) -> None:
    path = Path(settings.BACKUP_IDENTITY_FILE)
    path.unlink()
    make_identity(path)


def foreign_signature(settings: Settings) -> None:
    path = Path(settings.BACKUP_SIGNING_KEY_FILE)
    path.unlink()
    make_signing_key(path)


def alter_manifest(settings: Settings) -> None:
    (path,) = [path for path in objects_of(settings) if path.suffix == ".jsonl"]
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"shard_1", b"shard_2"))


def grow(settings: Settings) -> None:
    path = the_data(settings)
    path.write_bytes(path.read_bytes() + b"\0")


FAULTS: dict[str, tuple[Callable[[Any], None], str]] = {
    "a flipped bit": (flip, "Use another backup"),
    "nothing left of the data": (cut(lambda _: 0), "Use another backup"),
    "a byte of the header": (cut(lambda _: 1), "Use another backup"),
    "cut in the header": (cut(lambda _: 100), "Use another backup"),
    "half of the data": (cut(lambda length: length // 2), "Use another backup"),
    "the last byte": (cut(lambda length: length - 1), "Use another backup"),
    "a byte too many": (grow, "Use another backup"),
    "no data": (lose("data.sql.zst.age"), "Use another backup"),
    "no definition": (lose("rules.sql"), "Use another backup"),
    "no manifest": (lose("*.jsonl"), "no such backup"),
    "an altered manifest": (alter_manifest, "it was altered"),
    "another identity": (other_identity, "Give the one of its recipients"),
    "a foreign signature": (foreign_signature, "BACKUP_TRUSTED_KEYS"),
    "no store": (lose("*"), "no such backup"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_damaged_store_leaves_the_clinic_as_it_was(
    fault: str, fresh_clinic: FreshClinic, full: Signed, stack: Stack, settings: Settings
) -> None:
    before = dumped(stack, fresh_clinic.route.schema)
    damage, next_step = FAULTS[fault]
    damage(settings)

    with pytest.raises(CommandError) as refused:
        restore(fresh_clinic)
    assert next_step in str(refused.value)
    assert "\n" not in str(refused.value)
    assert dumped(stack, fresh_clinic.route.schema) == before

    with clinic_scope(fresh_clinic.route):
        Patient.objects.create(**somebody(2))


def test_a_missing_increment_is_no_chain(
    fresh_clinic: FreshClinic, full: Signed, configured: Store, stack: Stack
) -> None:
    first = backed_up(configured, fresh_clinic.route, full)
    with clinic_scope(fresh_clinic.route):
        Patient.objects.create(**somebody(2))
    last = backed_up(configured, fresh_clinic.route, first)
    configured.delete(first.manifest.key)
    before = dumped(stack, fresh_clinic.route.schema)
    wish = (str(last.manifest.backup_id), "--clinic", fresh_clinic.route.schema, "--noinput")

    with pytest.raises(CommandError, match=f"{first.manifest.backup_id} is missing"):
        call_command("restore", *wish)
    assert dumped(stack, fresh_clinic.route.schema) == before


# --- Failures of the servers -------------------------------------------------------------------


def test_an_unknown_migration_is_refused(
    fresh_clinic: FreshClinic, configured: Store, stack: Stack
) -> None:
    owner = stack.addresses()["SHARD_1_OWNER_URL"]

    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(
            f'INSERT INTO "{fresh_clinic.route.schema}".django_migrations (app, name, applied)'
            " VALUES ('patients', '9999_of_tomorrow', now())"
        )

    backed_up(configured, fresh_clinic.route)
    before = dumped(stack, fresh_clinic.route.schema)

    with pytest.raises(CommandError, match="Restore with a newer release"):
        restore(fresh_clinic)
    assert dumped(stack, fresh_clinic.route.schema) == before


def test_a_full_disk_is_reported_and_nothing_is_left(
    fresh_clinic: FreshClinic, full: Signed, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Simulated by PostgreSQL's error: a really full disk would stop the other tests' servers."""
    before = dumped(stack, fresh_clinic.route.schema)

    def full_disk(*_: Any) -> None:
        raise psycopg.errors.DiskFull("could not extend file")

    monkeypatch.setattr(staging, "build_rules", full_disk)

    with pytest.raises(CommandError, match="DiskFull 53100"):
        restore(fresh_clinic)
    assert dumped(stack, fresh_clinic.route.schema) == before

    monkeypatch.undo()
    restore(fresh_clinic)

    assert names(fresh_clinic) == {"Paciente Modelo"}


def test_a_server_that_dies_halfway_has_the_clinic_when_it_is_back(
    fresh_clinic: FreshClinic, full: Signed, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dumped(stack, fresh_clinic.route.schema)

    def die(*_: Any) -> None:
        pid = stack.clusters["shard_1"].daemon.pid()
        assert pid is not None
        os.kill(pid, signal.SIGQUIT)  # without a checkpoint, so that it recovers when it starts
        while stack.clusters["shard_1"].daemon.pid() is not None:
            time.sleep(0.05)
        with psycopg.connect(stack.addresses()["SHARD_1_OWNER_URL"]):
            pass

    monkeypatch.setattr(staging, "build_rules", die)

    with pytest.raises(CommandError, match="Fix it, then run the command again"):
        restore(fresh_clinic)

    monkeypatch.undo()
    connections.close_all()
    stack.start("shard_1")
    time.sleep(staging_cool_down())
    recover("shard_1")

    assert dumped(stack, fresh_clinic.route.schema) == before

    restore(fresh_clinic)
    assert names(fresh_clinic) == {"Paciente Modelo"}


def staging_cool_down() -> float:
    from tenants.postgresql import base

    return base.SHARD_COOL_DOWN
