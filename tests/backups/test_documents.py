"""The clinic's files in the store: sealed for today's recipients, whole, found in two manifests."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from pytest_django import Settings

from backups.errors import DocumentsDamaged
from backups.format.keys import make_identity
from backups.format.manifests import BackupKind, DocumentCopy, Signed
from backups.installation import Installation
from backups.keep.retention import delete_backup, sweep
from backups.keep.verifying import backup_verify
from backups.models import Run
from backups.restore.drills import drill_run
from backups.stores import FolderStore
from backups.stores.layout import documents_prefix
from backups.take.making import backup_make
from core.ids import uuid7
from patients.models import Patient
from tenants.context import clinic_scope, platform_scope
from tenants.models import Clinic
from tests.backups.conftest import keys_of
from tests.backups.files import DAMAGES, damaged, kept_file
from tests.people import FreshClinic


@pytest.fixture
def clinic(fresh_clinic: FreshClinic, configured: FolderStore) -> Clinic:
    with platform_scope():
        found: Clinic = Clinic.objects.get(id=fresh_clinic.route.clinic_id)
    return found


@pytest.fixture
def rotate(settings: Settings, tmp_path: Path) -> Callable[[], str]:
    """Change the recipients and their identity; returns the file of the old identity."""

    def done() -> str:
        old, new = str(settings.BACKUP_IDENTITY_FILE), tmp_path / "identity_2.txt"
        settings.BACKUP_RECIPIENTS = [make_identity(new)]
        settings.BACKUP_IDENTITY_FILE = str(new)
        return old

    return done


def made(clinic: Clinic, *, incremental: bool = False) -> Signed:
    signed = backup_make(Installation(), clinic=clinic, incremental=incremental).signed
    assert signed is not None
    return signed


def change(clinic: Clinic) -> None:
    with clinic_scope(clinic.route):
        Patient.objects.update(name=f"Nome {uuid7()}")


def documents(clinic: Clinic) -> dict[str, DocumentCopy]:
    """Make a full; returns its documents by name."""
    return {document.name: document for document in made(clinic).manifest.documents}


def last_run(clinic: Clinic) -> Run:
    with platform_scope():
        found: Run = Run.objects.filter(clinic=clinic).latest("started_at")
    return found


# --- Recipients --------------------------------------------------------------------------------


def test_new_recipients_open_every_document_of_the_next_backup(
    clinic: Clinic, configured: FolderStore, rotate: Callable[[], str], settings: Settings
) -> None:
    name = kept_file(clinic, b"laudo")
    old = made(clinic)
    before = rotate()
    done = backup_make(Installation(), clinic=clinic, incremental=True)

    assert done.because == "the recipients were changed"
    assert done.signed is not None
    new = done.signed.manifest
    assert [document.name for document in new.documents] == [name]
    assert new.documents[0].file.key != old.manifest.documents[0].file.key
    assert new.recipients == tuple(settings.BACKUP_RECIPIENTS)
    assert drill_run(Installation(), clinic=clinic).state == Run.State.DONE

    again = made(clinic)
    assert again.manifest.documents == new.documents  # sealed again once, not each time

    settings.BACKUP_IDENTITY_FILE = before
    drill_run(
        Installation(), clinic=clinic, backup_id=old.manifest.backup_id
    )  # the old identity opens the old backup


def test_an_object_for_former_recipients_stays_as_long_as_its_backups(
    clinic: Clinic, configured: FolderStore, rotate: Callable[[], str]
) -> None:
    kept_file(clinic, b"laudo")
    old = made(clinic)
    rotate()
    new = made(clinic)
    later = datetime.now(UTC) + timedelta(days=2)

    assert sweep(configured, clinic.id, trusted=Installation().trusted, now=later) == []

    delete_backup(configured, old)
    swept = sweep(configured, clinic.id, trusted=Installation().trusted, now=later)

    assert [item.key for item in swept] == [old.manifest.documents[0].file.key]

    backup_verify(Installation(), clinic_id=clinic.id, backup_id=new.manifest.backup_id)


# --- Damage ------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", DAMAGES)
def test_a_drill_finds_a_damaged_document_and_the_next_full_writes_it_again(
    clinic: Clinic, configured: FolderStore, what: str
) -> None:
    bad, good = kept_file(clinic, b"laudo"), kept_file(clinic, b"exame", "b")
    before = documents(clinic)
    key = before[bad].file.key
    damaged(configured, key, what)

    with pytest.raises(DocumentsDamaged, match="Make a full backup") as found:
        drill_run(Installation(), clinic=clinic)
    assert "\n" not in str(found.value)

    run = last_run(clinic)
    assert (run.kind, run.state, run.damaged) == (Run.Kind.DRILL, Run.State.FAILED, [key])

    after = documents(clinic)
    assert after[bad].file.key != key
    assert after[good] == before[good]
    assert drill_run(Installation(), clinic=clinic).state == Run.State.DONE


def test_a_verification_finds_a_damaged_document_without_a_key(
    clinic: Clinic, configured: FolderStore, settings: Settings
) -> None:
    bad, good = kept_file(clinic, b"laudo"), kept_file(clinic, b"exame", "b")
    signed = made(clinic)
    before = {document.name: document for document in signed.manifest.documents}
    damaged(configured, before[bad].file.key, "a flipped bit")
    settings.BACKUP_IDENTITY_FILE = ""

    with pytest.raises(DocumentsDamaged):
        backup_verify(Installation(), clinic_id=clinic.id, backup_id=signed.manifest.backup_id)

    run = last_run(clinic)
    assert (run.kind, run.damaged) == (Run.Kind.VERIFY, [before[bad].file.key])

    new = made(clinic)
    after = {document.name: document for document in new.manifest.documents}

    assert (after[bad] == before[bad], after[good] == before[good]) == (False, True)

    backup_verify(Installation(), clinic_id=clinic.id, backup_id=new.manifest.backup_id)
    assert last_run(clinic).state == Run.State.DONE


@pytest.mark.parametrize("what", set(DAMAGES) - {"a flipped bit"})
def test_a_full_notices_a_changed_length_by_itself(
    clinic: Clinic, configured: FolderStore, what: str
) -> None:
    name = kept_file(clinic, b"laudo")
    damaged(configured, documents(clinic)[name].file.key, what)
    documents(clinic)
    assert drill_run(Installation(), clinic=clinic).state == Run.State.DONE


def test_an_object_that_no_trusted_manifest_names_is_never_used(
    clinic: Clinic, configured: FolderStore
) -> None:
    name = kept_file(clinic, b"laudo")
    dead = made(clinic)
    key = dead.manifest.documents[0].file.key
    damaged(configured, key, "a flipped bit")
    configured.delete(dead.manifest.key)  # as if the run had died before it

    assert documents(clinic)[name].file.key != key
    assert drill_run(Installation(), clinic=clinic).state == Run.State.DONE


def test_a_directory_that_lost_its_runs_learns_from_the_store(
    clinic: Clinic, configured: FolderStore
) -> None:
    kept_file(clinic, b"laudo")
    before = documents(clinic)
    with platform_scope():
        Run.objects.filter(clinic=clinic).delete()

    assert documents(clinic) == before
    assert len(keys_of(configured, documents_prefix(clinic.id))) == 1


def test_a_file_that_was_copied_while_it_was_uploaded_is_copied_again(
    clinic: Clinic, configured: FolderStore, folder_of_files: Path
) -> None:
    name = default_storage.save(f"{clinic.id}/documents/a", ContentFile(b"la"))
    torn = documents(clinic)[name]
    (folder_of_files / name).write_bytes(b"laudo")
    assert (torn.file.content.length, documents(clinic)[name].file.content.length) == (2, 5)


# --- Increments --------------------------------------------------------------------------------


def test_an_increment_reads_two_manifests_however_long_its_chain_is(
    clinic: Clinic, configured: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_file(clinic, b"laudo")
    full = made(clinic)
    asked: list[str] = []

    for method in ("reading", "size", "listed"):
        whole = getattr(FolderStore, method)

        def counted(store: FolderStore, key: str, whole: Any = whole) -> Any:
            asked.append(key)
            return whole(store, key)

        monkeypatch.setattr(FolderStore, method, counted)

    counts, chain = [], [full]

    for number in range(6):
        name = kept_file(clinic, b"laudo %d" % number, f"b{number}")
        change(clinic)
        asked.clear()
        chain.append(made(clinic, incremental=True))
        counts.append(len(asked))

        assert chain[-1].manifest.kind is BackupKind.INCREMENT
        assert [document.name for document in chain[-1].manifest.documents] == [name]

    assert set(counts[1:]) == {counts[0] + 1}  # the full's manifest, and the parent's

    since = chain[-1].manifest.since
    assert since is not None
    assert (since.full, len(since.added)) == (full.manifest.backup_id, 6)
    assert len(documents(clinic)) == 7
    assert len(keys_of(configured, documents_prefix(clinic.id))) == 7


def test_a_chain_whose_full_is_gone_isnt_continued(clinic: Clinic, configured: FolderStore) -> None:
    full = made(clinic)
    kept_file(clinic, b"laudo")
    change(clinic)

    assert made(clinic, incremental=True).manifest.kind is BackupKind.INCREMENT

    configured.delete(full.manifest.key)
    kept_file(clinic, b"exame", "b")
    change(clinic)
    done = backup_make(Installation(), clinic=clinic, incremental=True)

    assert done.because == "the full backup below is gone"
    assert done.signed is not None
    assert len(done.signed.manifest.documents) == 2
