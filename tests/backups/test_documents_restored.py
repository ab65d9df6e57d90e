"""A restore brings files back, the right bytes or none, and names the files that it couldn't."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from backups.format import sealing
from backups.format.keys import read_recipients
from backups.format.manifests import Signed
from backups.installation import Installation
from backups.snapshot.files import documents_listed
from backups.stores import FolderStore
from backups.take import documents
from backups.take.making import backup_make
from patients.models import Document, Patient
from patients.services.documents import document_upload
from tenants.context import ClinicRoute, clinic_scope, platform_scope
from tenants.models import Clinic
from tenants.schemas import drop_schema
from tests.backups.conftest import Keyring
from tests.backups.files import DAMAGES, content_of_file, damaged, kept_file
from tests.backups.rebuilding import somebody
from tests.people import FreshClinic

PDF = b"%PDF-1.7\nlaudo\n%%EOF\n"


@pytest.fixture
def uploaded(fresh_clinic: FreshClinic, configured: FolderStore) -> Document:
    """Upload a document of a patient."""
    people = fresh_clinic.people

    with clinic_scope(fresh_clinic.route):
        return document_upload(
            acting_user=people.owner,
            patient=people.record,
            kind="report",
            file=ContentFile(PDF, "laudo.pdf"),
        )


def back_up(clinic: FreshClinic) -> Signed:
    with platform_scope():
        found = Clinic.objects.get(id=clinic.route.clinic_id)
    signed = backup_make(Installation(), clinic=found).signed
    assert signed is not None
    return signed


def path_of(route: ClinicRoute, document: Document) -> str:
    with clinic_scope(route):
        return Document.objects.get(id=document.id).path


def said(capsys: pytest.CaptureFixture[str], clinic: FreshClinic, *options: str) -> Any:
    wish = ("restore", "latest", "--clinic", clinic.route.schema, "--noinput", "--json")
    capsys.readouterr()
    call_command(*wish, *options)
    return json.loads(capsys.readouterr().out)


def added_since(clinic: FreshClinic) -> None:
    with clinic_scope(clinic.route):
        Patient.objects.create(**somebody(1))


def names(clinic: FreshClinic | Clinic) -> set[str]:
    with clinic_scope(clinic.route):
        return {patient.name for patient in Patient.objects.all()}


# --- In place ----------------------------------------------------------------------------------


def test_a_lost_file_comes_back_with_its_bytes(
    fresh_clinic: FreshClinic, uploaded: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    path = path_of(fresh_clinic.route, uploaded)
    back_up(fresh_clinic)
    default_storage.delete(path)
    assert said(capsys, fresh_clinic)["documents_missing"] == {"count": 0, "names": []}
    assert content_of_file(path) == PDF


def test_files_that_are_still_there_need_no_store(
    fresh_clinic: FreshClinic, configured: FolderStore, capsys: pytest.CaptureFixture[str]
) -> None:
    name = kept_file(fresh_clinic, b"laudo")
    configured.delete(back_up(fresh_clinic).manifest.documents[0].file.key)
    assert said(capsys, fresh_clinic)["documents_missing"]["count"] == 0
    assert content_of_file(name) == b"laudo"


@pytest.mark.parametrize("what", [*DAMAGES, "for another key"])
def test_a_file_that_cant_come_back_is_named_and_stops_nothing_else(
    fresh_clinic: FreshClinic,
    configured: FolderStore,
    strangers: Keyring,
    what: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad, good = kept_file(fresh_clinic, b"laudo"), kept_file(fresh_clinic, b"exame", "b")
    if what == "for another key":
        theirs = read_recipients([str(recipient) for recipient in strangers.recipients])
        sealed = sealing.seal

        def seal(store: Any, key: str, chunks: Iterator[bytes], ours: Any) -> Any:
            content = b"".join(chunks)
            return sealed(store, key, [content], theirs if content == b"laudo" else ours)

        monkeypatch.setattr(documents, "seal", seal)
    made = back_up(fresh_clinic)
    if what in DAMAGES:
        (file,) = [item.file for item in made.manifest.documents if item.name == bad]
        damaged(configured, file.key, what)
    added_since(fresh_clinic)
    for name in (bad, good):
        default_storage.delete(name)

    with pytest.raises(CommandError, match="restored, but 1 of its files") as partly:
        said(capsys, fresh_clinic)
    assert partly.value.returncode == 3
    assert "\n" not in str(partly.value)

    told = json.loads(capsys.readouterr().out)
    assert told["documents_missing"] == {"count": 1, "names": [bad]}
    assert names(fresh_clinic) == {"Paciente Modelo"}
    assert documents_listed(fresh_clinic.route.clinic_id) == [good]
    assert content_of_file(good) == b"exame"
    with pytest.raises(CommandError):
        call_command("restore", "latest", "--clinic", fresh_clinic.route.schema, "--noinput")
    assert f"documents missing: 1\n  {bad}\n" in capsys.readouterr().out


def test_a_storage_that_fails_leaves_the_clinic_as_it_was(
    fresh_clinic: FreshClinic, configured: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = kept_file(fresh_clinic, b"laudo")
    back_up(fresh_clinic)
    added_since(fresh_clinic)
    default_storage.delete(name)

    def full_disk(*_: Any) -> None:
        raise OSError(28, "No space left on device: /secret")

    monkeypatch.setattr(default_storage, "save", full_disk)

    with pytest.raises(CommandError, match=r"Fix it, then .* \(failure=OSError\)$"):
        call_command("restore", "latest", "--clinic", fresh_clinic.route.schema, "--noinput")
    assert names(fresh_clinic) == {"Paciente Modelo", "Paciente 1"}


def test_a_file_that_a_restore_left_half_written_is_written_again(
    fresh_clinic: FreshClinic,
    configured: FolderStore,
    folder_of_files: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = kept_file(fresh_clinic, b"laudo")
    back_up(fresh_clinic)
    (folder_of_files / name).write_bytes(b"la")
    said(capsys, fresh_clinic)

    assert content_of_file(name) == b"laudo"


# --- As another clinic -------------------------------------------------------------------------


def test_an_empty_installation_gets_the_files_back_under_their_names(
    fresh_clinic: FreshClinic, uploaded: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    route = fresh_clinic.route
    path = path_of(route, uploaded)
    back_up(fresh_clinic)
    default_storage.delete(path)
    drop_schema(route.shard, route.schema)
    with platform_scope():
        Clinic.objects.filter(id=route.clinic_id).delete()
    told = said(capsys, fresh_clinic, "--domain", fresh_clinic.host)

    assert told["documents_missing"]["count"] == 0

    with platform_scope():
        clinic = Clinic.objects.get(schema_name=route.schema)

    assert path_of(clinic.route, uploaded) == path
    assert content_of_file(path) == PDF


@pytest.fixture
def copy(fresh_clinic: FreshClinic) -> Iterator[str]:
    schema = f"{fresh_clinic.route.schema}_copia"
    yield schema
    drop_schema(fresh_clinic.route.shard, schema)
    with platform_scope():
        Clinic.objects.filter(schema_name=schema).delete()


def test_a_copy_has_files_of_its_own(
    fresh_clinic: FreshClinic,
    configured: FolderStore,
    uploaded: Document,
    copy: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    original = path_of(fresh_clinic.route, uploaded)
    back_up(fresh_clinic)
    told = said(capsys, fresh_clinic, "--as", copy, "--domain", "copia.localhost")

    assert told["documents_missing"]["count"] == 0

    with platform_scope():
        clinic = Clinic.objects.get(schema_name=copy)
    path = path_of(clinic.route, uploaded)

    assert path.startswith(f"{clinic.id}/")
    assert content_of_file(path) == content_of_file(original) == PDF

    default_storage.delete(original)
    assert content_of_file(path) == PDF

    signed = backup_make(Installation(), clinic=clinic).signed
    assert signed is not None
    assert [document.name for document in signed.manifest.documents] == [path]
    assert configured.size(signed.manifest.documents[0].file.key)


def test_a_copy_never_gets_wrong_bytes(
    fresh_clinic: FreshClinic,
    configured: FolderStore,
    uploaded: Document,
    copy: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = back_up(fresh_clinic)
    damaged(configured, made.manifest.documents[0].file.key, "a flipped bit")

    with pytest.raises(CommandError, match="restored, but 1 of its files"):
        said(capsys, fresh_clinic, "--as", copy, "--domain", "copia.localhost")

    with platform_scope():
        clinic = Clinic.objects.get(schema_name=copy)
    path = path_of(clinic.route, uploaded)

    assert json.loads(capsys.readouterr().out)["documents_missing"]["names"] == [path]
    assert not default_storage.exists(path)


def test_a_copy_that_fails_leaves_no_files(
    fresh_clinic: FreshClinic, uploaded: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    """The copy's host name is another clinic's."""
    back_up(fresh_clinic)
    before = default_storage.listdir("")[0]
    copy = f"{fresh_clinic.route.schema}_copia"

    with pytest.raises(CommandError):
        said(capsys, fresh_clinic, "--as", copy, "--domain", fresh_clinic.host)

    left = set(default_storage.listdir("")[0]) - set(before)
    assert [file for folder in left for file in documents_listed(UUID(folder))] == []
