"""Files and their rows stay together, and what a file is never changes."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Role, User
from core.errors import Conflict, FieldError, FieldNotPermitted
from patients import file_types
from patients.access import may_delete
from patients.errors import DeletionNotPermitted
from patients.file_types import tidy_file_name
from patients.models import Document
from patients.services import (
    document_delete,
    document_update,
)
from tenants.context import ClinicRoute, clinic_scope
from tests.people import Everybody, FreshClinic

CONTENT = b"%PDF-1.7\nlaudo"


def files_of(route: ClinicRoute) -> set[str]:
    """The names in the clinic's folder of the storage."""
    try:
        return set(default_storage.listdir(f"{route.clinic_id}/documents")[1])
    except FileNotFoundError:
        return set()


def test_each_clinic_has_its_own_prefix(
    in_norte: ClinicRoute, upload: Callable[..., Document], settings: Settings, tmp_path: Path
) -> None:
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path)},
        }
    }
    document = upload()
    path = tmp_path / str(in_norte.clinic_id) / "documents" / str(document.pk)

    assert path.read_bytes() == CONTENT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def see_nothing(document: Document, **kwargs: Any) -> None:
    """Replaces the model's own check, so that it is the database that refuses."""


def test_a_row_that_is_refused_leaves_no_file(
    in_norte: ClinicRoute, upload: Callable[..., Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files_of(in_norte)
    monkeypatch.setattr(Document, "full_clean", see_nothing)
    with pytest.raises(FieldError):
        upload(kind="poem")
    assert files_of(in_norte) == before


def test_a_commit_that_fails_leaves_no_file(
    fresh_clinic: FreshClinic, upload: Callable[..., Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Document, "full_clean", see_nothing)
    people, route = fresh_clinic.people, fresh_clinic.route
    nobody = User(full_name="Nobody", role=Role.OWNER)  # the foreign key is checked at the end

    with clinic_scope(route):
        with pytest.raises(Conflict):
            upload(acting_user=nobody, patient=people.record)
        assert not Document.objects.exists()

    assert files_of(route) == set()


def test_an_upload_is_no_part_of_a_bigger_transaction(
    fresh_clinic: FreshClinic, upload: Callable[..., Document]
) -> None:
    people, route = fresh_clinic.people, fresh_clinic.route
    with clinic_scope(route), transaction.atomic(using=route.shard):
        with pytest.raises(RuntimeError, match="durable"):
            upload(acting_user=people.therapist, patient=people.record)
    assert files_of(route) == set()


def test_a_file_that_cannot_be_written_leaves_no_row(
    in_norte: ClinicRoute, upload: Callable[..., Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any, **kwargs: Any) -> str:
        raise OSError

    monkeypatch.setattr(default_storage, "save", full)

    with pytest.raises(OSError):
        upload()

    assert not Document.objects.exists()


def test_kind_and_sharing_change_and_nothing_else(
    in_norte: ClinicRoute, upload: Callable[..., Document]
) -> None:
    document = upload()
    changed = document_update(acting_user=None, document=document, changes={"kind": "photo"})
    assert Document.objects.get().kind == changed.kind == "photo"
    assert document_update(acting_user=None, document=document, changes={}) is document
    with pytest.raises(FieldNotPermitted):
        document_update(acting_user=None, document=document, changes={"sha256": "0" * 64})


def test_deleting_is_the_owners_and_managers(
    in_norte: ClinicRoute, upload: Callable[..., Document], people: Everybody
) -> None:
    document = upload()

    assert not may_delete(people.norte.therapist)
    with pytest.raises(DeletionNotPermitted):
        document_delete(acting_user=people.norte.therapist, document=document)

    document_delete(acting_user=people.norte.owner, document=document)

    assert not Document.objects.alive().exists()
    assert str(document.pk) in files_of(in_norte)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("name = 'outro.pdf'", "unchanged"),
        ("sha256 = repeat('0', 64)", "unchanged"),
        ("size = 1", "unchanged"),
        ("content_type = 'image/png'", "unchanged"),
        ("created_at = now()", "unchanged"),
        ("uploaded_by_id = (SELECT id FROM accounts_user WHERE role = 'owner')", "unchanged"),
        ("kind = 'poem'", "kind_known"),
        ("status = 'lost', scanned_at = now(), scan_report = 'x'", "status_known"),
        ("status = 'clean'", "scanned_with_report"),
        ("scanned_at = now()", "scanned_with_report"),
    ],
)
def test_what_the_file_is_never_changes(
    in_norte: ClinicRoute,
    upload: Callable[..., Document],
    refused_by: Callable[..., str],
    change: str,
    constraint: str,
) -> None:
    upload()

    refused = refused_by(f"UPDATE patients_document SET {change}")
    assert refused == f"patients_document_{constraint}"


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("name", "'a/b.pdf'", "name_form"),
        ("name", "E'a\\u202eb.pdf'", "name_form"),
        ("content_type", "'text/html'", "content_type_known"),
        ("size", "0", "size_positive"),
        ("sha256", "repeat('G', 64)", "sha256_form"),
    ],
)
def test_no_row_is_written_that_breaks_a_rule(
    in_norte: ClinicRoute,
    upload: Callable[..., Document],
    refused_by: Callable[..., str],
    column: str,
    value: str,
    constraint: str,
) -> None:
    upload()
    columns = [str(field.column) for field in Document._meta.local_fields]
    values = {name: name for name in columns} | {"id": "gen_random_uuid()", column: value}
    chosen = ", ".join(values[name] for name in columns)
    sql = (
        f"INSERT INTO patients_document ({', '.join(columns)})"
        f" SELECT {chosen} FROM patients_document"
    )

    assert refused_by(sql) == f"patients_document_{constraint}"


def test_entries_are_kept_and_the_infected_stay_so(
    in_norte: ClinicRoute, upload: Callable[..., Document], refused_by: Callable[..., str]
) -> None:
    document = upload()
    found = {"status": "infected", "scanned_at": timezone.now(), "scan_report": "Eicar"}
    Document.objects.filter(pk=document.pk).update(**found)

    for sql, constraint in {
        "UPDATE patients_document SET status = 'clean'": "patients_document_infected_stays",
        "DELETE FROM patients_document": "patients_document_kept",
    }.items():
        assert refused_by(sql) == constraint


@pytest.mark.without_database
@pytest.mark.parametrize(
    ("given", "content_type", "kept"),
    [
        ("laudo.pdf", file_types.PDF, "laudo.pdf"),
        ("../../etc/passwd", file_types.PDF, "passwd.pdf"),
        ("C:\\laudos\\rm.pdf", file_types.PDF, "rm.pdf"),
        ("a\r\nSet-Cookie: x.pdf", file_types.PDF, "aSet-Cookie x.pdf"),
        ("gpj.\u202efdp.exe", file_types.PNG, "gpj.fdp.exe.png"),
        ("", file_types.PNG, "document.png"),
        ("...", file_types.PNG, "document.png"),
        (".pdf", file_types.PDF, "pdf.pdf"),
        ("x" * 200 + ".pdf", file_types.PDF, "x" * 146 + ".pdf"),
        ("laudo\0.pdf", file_types.PDF, "laudo.pdf"),
    ],
)
def test_file_names_are_tidied(given: str, content_type: str, kept: str) -> None:
    assert tidy_file_name(given, content_type, 150) == kept
