"""Making backups: what is written, and when a chain is closed or a run refused."""

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connections
from pytest_django import DjangoAssertNumQueries, Settings

from audit.models import Event, EventKind
from backups.errors import Altered, BackupRunning, ChainBroken, NoSuchBackup
from backups.format.manifests import BackupKind, Signed, read_manifest
from backups.installation import Installation
from backups.keep.pruning import backup_prune
from backups.keep.verifying import backup_verify
from backups.models import Run
from backups.snapshot.files import documents_listed
from backups.snapshot.locks import backup_lock
from backups.stores import Store
from backups.take.making import Made, backup_make
from backups.take.parents import unchanged_until
from core.ids import uuid7
from devstack.stack import Stack
from patients.models import Patient
from tenants.context import clinic_scope, platform_scope
from tenants.models import Clinic
from tests.backups.conftest import keys_of


def increment(clinic: Clinic) -> Made:
    return backup_make(Installation(), clinic=clinic, incremental=True)


def signed(made: Made) -> Signed:
    assert made.signed is not None
    return made.signed


def change(clinic: Clinic) -> None:
    with clinic_scope(clinic.route):
        Patient.objects.update(name=f"Nome {uuid7()}")


def runs(clinic: Clinic) -> list[Run]:
    with platform_scope():
        return list(Run.objects.filter(clinic=clinic).order_by("started_at"))


def test_the_first_backup_is_full_and_says_why(clinic: Clinic) -> None:
    made = increment(clinic)

    assert signed(made).manifest.kind is BackupKind.FULL
    assert made.because == "there is no backup yet"

    (run,) = runs(clinic)
    assert (run.kind, run.state, run.error) == (Run.Kind.FULL, Run.State.DONE, "")
    assert run.size == made.size > 0
    assert run.covers_until == made.covers_until

    with clinic_scope(clinic.route):
        event = Event.objects.get(kind=EventKind.BACKED_UP)

    assert event.details["backup"] == str(signed(made).manifest.backup_id)


def test_an_unchanged_clinic_costs_one_query_and_no_object(
    clinic: Clinic, configured: Store, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    backup_make(Installation(), clinic=clinic)
    latest = signed(increment(clinic))  # holds the event of the full
    before, last = keys_of(configured), runs(clinic)[-1]
    made = increment(clinic)

    assert made.signed is None
    assert keys_of(configured) == before

    (*_, now) = runs(clinic)
    assert now.id == last.id
    assert now.covers_until == made.covers_until
    assert last.covers_until is not None
    assert now.covers_until > last.covers_until

    # The entry into the clinic, as everywhere, and one query.
    with django_assert_num_queries(2, connection=connections[clinic.shard_id]):
        assert unchanged_until(clinic.route, latest) is not None
    change(clinic)

    assert unchanged_until(clinic.route, latest) is None


def test_increments_form_a_chain(clinic: Clinic) -> None:
    full = signed(backup_make(Installation(), clinic=clinic))
    change(clinic)
    first = signed(increment(clinic))
    change(clinic)
    second = signed(increment(clinic))
    chain = Installation().catalogue(clinic.id).chain(second.manifest.backup_id)

    assert [link.manifest.backup_id for link in chain] == [
        made.manifest.backup_id for made in (full, first, second)
    ]
    assert (
        backup_verify(Installation(), clinic_id=clinic.id, backup_id=second.manifest.backup_id) > 0
    )


def test_a_changed_definition_closes_the_chain(clinic: Clinic, stack: Stack) -> None:
    backup_make(Installation(), clinic=clinic)
    change(clinic)
    subprocess.run(
        [
            "psql",
            "-q",
            stack.addresses()["SHARD_1_OWNER_URL"],
            "-c",
            f'ALTER TABLE "{clinic.schema_name}".patients_patient ADD COLUMN nickname text',
        ],
        env=stack.environ({}),
        check=True,
    )
    made = increment(clinic)

    assert signed(made).manifest.kind is BackupKind.FULL
    assert made.because == "the schema's definition was changed"


@pytest.mark.parametrize(
    ("name", "value", "because"),
    [
        ("system_identifier", "1", "the shard is another server"),
        ("timeline", 99, "the shard failed over or was recovered (another timeline)"),
        ("incarnation", "1", "the clinic was restored (another schema of this name)"),
        ("shard", "shard_9", "the clinic was moved to another shard"),
    ],
)
def test_another_origin_closes_the_chain(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, name: str, value: Any, because: str
) -> None:
    backup_make(Installation(), clinic=clinic)

    def elsewhere(*args: Any) -> Signed:
        found = read_manifest(*args)
        origin = replace(found.manifest.origin, **{name: value})
        return replace(found, manifest=replace(found.manifest, origin=origin))

    monkeypatch.setattr("backups.take.parents.read_manifest", elsewhere)
    made = increment(clinic)

    assert signed(made).manifest.kind is BackupKind.FULL
    assert made.because == because


def test_a_parent_that_is_gone_closes_the_chain(clinic: Clinic, configured: Store) -> None:
    full = signed(backup_make(Installation(), clinic=clinic))
    configured.delete(full.manifest.key)
    assert signed(increment(clinic)).manifest.kind is BackupKind.FULL


def test_the_second_of_two_simultaneous_backups_is_refused(clinic: Clinic) -> None:
    with backup_lock(clinic.route), pytest.raises(BackupRunning):
        backup_make(Installation(), clinic=clinic)
    assert runs(clinic) == []
    assert backup_make(Installation(), clinic=clinic).signed is not None


def test_a_failure_is_recorded_without_personal_data(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("Paciente Modelo")

    monkeypatch.setattr("backups.take.making.write_full", broken)

    with pytest.raises(RuntimeError):
        backup_make(Installation(), clinic=clinic)

    (run,) = runs(clinic)
    assert (run.state, run.error) == (Run.State.FAILED, "RuntimeError")


def test_files_are_kept_once(clinic: Clinic, configured: Store) -> None:
    folder = f"{clinic.id}/documents"
    default_storage.save(f"{folder}/a", ContentFile(b"one file"))
    default_storage.save(f"{folder}/b", ContentFile(b"one file"))
    full = signed(backup_make(Installation(), clinic=clinic))

    assert [d.name for d in full.manifest.documents] == [f"{folder}/a", f"{folder}/b"]
    assert len({d.file.key for d in full.manifest.documents}) == 1

    default_storage.save(f"{folder}/c", ContentFile(b"another"))
    change(clinic)
    made = signed(increment(clinic))

    assert [d.name for d in made.manifest.documents] == [f"{folder}/c"]

    again = signed(backup_make(Installation(), clinic=clinic))
    assert [d.name for d in again.manifest.documents] == documents_listed(clinic.id)
    assert {d.file for d in full.manifest.documents} < {d.file for d in again.manifest.documents}

    for name in documents_listed(clinic.id):
        default_storage.delete(name)


def test_verifying_an_unknown_backup_is_refused(clinic: Clinic) -> None:
    backup_make(Installation(), clinic=clinic)

    with pytest.raises(NoSuchBackup):
        backup_verify(Installation(), clinic_id=clinic.id, backup_id=uuid7())


def test_verifying_an_increment_finds_an_altered_full(clinic: Clinic, settings: Settings) -> None:
    full = signed(backup_make(Installation(), clinic=clinic))
    change(clinic)
    made = signed(increment(clinic))

    path = Path(urlsplit(settings.BACKUP_STORE_URL).path) / full.manifest.objects[0].key
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)

    with pytest.raises(Altered):
        backup_verify(Installation(), clinic_id=clinic.id, backup_id=made.manifest.backup_id)


def test_verifying_an_increment_finds_a_missing_full(clinic: Clinic, configured: Store) -> None:
    full = signed(backup_make(Installation(), clinic=clinic))
    change(clinic)
    made = signed(increment(clinic))
    configured.delete(full.manifest.key)

    with pytest.raises(ChainBroken):
        backup_verify(Installation(), clinic_id=clinic.id, backup_id=made.manifest.backup_id)


def test_pruning_keeps_what_is_needed(clinic: Clinic) -> None:
    full = signed(backup_make(Installation(), clinic=clinic))
    plan = backup_prune(Installation(), clinic=clinic)
    assert plan.delete == ()
    assert list(plan.kept) == [full.manifest.backup_id]
