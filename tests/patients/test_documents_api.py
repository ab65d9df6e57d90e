"""Documents over HTTP: sent as a form, quarantined, shared, opened by a link for a minute."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from patients.models import Document, Patient
from patients.services import document_scan
from tenants.context import ClinicRoute, clinic_scope
from tests.patients.conftest import errors_of
from tests.people import Api, Everybody

URL = "/api/v1/documents"
PDF = b"%PDF-1.7\nlaudo"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(9)
JPEG = b"\xff\xd8\xff\xe0" + bytes(9)
DICOM = bytes(128) + b"DICM" + bytes(9)


def test_a_therapist_sends_an_exam_and_opens_it_once_it_is_clean(
    api: Api,
    people: Everybody,
    send: Callable[..., Any],
    follow: Callable[[str], Any],
    norte: ClinicRoute,
) -> None:
    made = send()

    assert made.status_code == 201, made.json()

    document = made.json()
    assert (document["name"], document["content_type"]) == ("laudo.pdf", "application/pdf")
    assert (document["size"], document["status"]) == (len(PDF), "quarantined")
    assert document["sha256"] == hashlib.sha256(PDF).hexdigest()

    therapist, path = api(people.norte.therapist), made["Location"]

    refused = therapist.get(f"{path}/link")

    assert (refused.status_code, refused.json()["code"]) == (409, "document_not_clean")

    with clinic_scope(norte):
        document_scan(acting_user=None, document=Document.objects.get())

    link = therapist.get(f"{path}/link").json()

    assert link["expires_in"] == 60
    assert link["url"].startswith(f"http://norte.localhost{path}/content?token=")

    file = follow(link["url"])

    assert file.status_code == 200
    assert b"".join(file.streaming_content) == PDF
    assert file["Content-Type"] == "application/pdf"
    assert file["Content-Length"] == str(len(PDF))
    assert file["Content-Disposition"] == 'attachment; filename="laudo.pdf"'
    assert file["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in file["Cache-Control"]
    assert "sandbox" in file["Content-Security-Policy"]


def test_an_upload_is_scanned_in_the_background(
    send: Callable[..., Any],
    norte: ClinicRoute,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(using="shard_1", execute=True):
        made = send().json()

    with clinic_scope(norte):
        document = Document.objects.get(pk=made["id"])

    assert (document.status, document.scan_report) == ("clean", "not scanned (development)")


def test_without_a_broker_the_document_waits(
    send: Callable[..., Any],
    norte: ClinicRoute,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_broker(*args: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr("patients.tasks.scan_document.delay", no_broker)

    with django_capture_on_commit_callbacks(using="shard_1", execute=True):
        made = send()

    assert (made.status_code, made.json()["status"]) == (201, "quarantined")


@pytest.mark.parametrize(
    ("content", "name", "content_type", "kept_as"),
    [
        (PDF, "laudo.pdf", "application/pdf", "laudo.pdf"),
        (PNG, "foto.PNG", "image/png", "foto.PNG"),
        (JPEG, "foto.jpeg", "image/jpeg", "foto.jpeg"),
        (DICOM, "rm", "application/dicom", "rm.dcm"),
        (PDF, "laudo.exe", "application/pdf", "laudo.exe.pdf"),
        (JPEG, "página.html", "image/jpeg", "página.html.jpg"),
    ],
)
def test_the_type_is_what_the_first_bytes_prove(
    send: Callable[..., Any], content: bytes, name: str, content_type: str, kept_as: str
) -> None:
    made = send(content, name).json()
    assert (made["content_type"], made["name"]) == (content_type, kept_as)


@pytest.mark.parametrize(
    "content", [b"MZ\x90\x00", b"<html>", b"PK\x03\x04", b" %PDF-1.7", b"DICM", b"x"]
)
def test_another_type_is_refused_and_nothing_is_kept(
    send: Callable[..., Any], content: bytes, norte: ClinicRoute
) -> None:
    refused = send(content)
    assert (refused.status_code, errors_of(refused)) == (400, {"/file": "unsupported_type"})
    with clinic_scope(norte):
        assert not Document.objects.exists()


def test_an_empty_file_is_refused(send: Callable[..., Any]) -> None:
    refused = send(b"")
    assert (refused.status_code, errors_of(refused)) == (400, {"/file": "empty"})


def test_a_file_over_the_limit_is_too_large(send: Callable[..., Any], settings: Settings) -> None:
    settings.DOCUMENT_MAX_BYTES = 100
    assert send(PDF.ljust(100)).status_code == 201
    for size in (101, 70_000):  # one byte over, and more than the whole form may have
        refused = send(PDF.ljust(size))
        assert (refused.status_code, refused.json()["code"]) == (413, "payload_too_large")


def test_a_form_with_too_many_fields_is_too_large(api: Api, people: Everybody) -> None:
    form = {f"field{n}": "x" for n in range(1_001)}
    refused = api(people.norte.therapist).post(URL, form, format="multipart")
    assert (refused.status_code, refused.json()["code"]) == (413, "payload_too_large")


def test_forms_are_as_strict_as_json(send: Callable[..., Any]) -> None:
    refused = send(kind="poem", colour="blue", shared_with_patient="perhaps", patient="7")

    assert errors_of(refused) == {
        "/kind": "invalid_choice",
        "/colour": "unknown_field",
        "/shared_with_patient": "invalid",
        "/patient": "invalid",
    }
    assert errors_of(send(kind=["exam", "photo"])) == {"/kind": "duplicate_field"}


def test_a_form_has_a_file_a_patient_and_a_kind(api: Api, people: Everybody) -> None:
    missing = api(people.norte.therapist).post(URL, {}, format="multipart")

    assert errors_of(missing) == {
        "/patient": "required",
        "/kind": "required",
        "/file": "required",
    }

    text = api(people.norte.therapist).post(URL, {"file": "x"}, format="multipart")
    assert errors_of(text)["/file"] == "invalid"


def test_only_a_whole_form_is_taken(api: Api, people: Everybody) -> None:
    therapist = api(people.norte.therapist)
    as_json = therapist.post(URL, {"kind": "exam"})
    assert (as_json.status_code, as_json.json()["code"]) == (415, "unsupported_media_type")
    for content_type in ("multipart/form-data", "multipart/form-data; boundary=x"):
        broken = therapist.generic("POST", URL, "--y\r\nnonsense", content_type=content_type)
        assert broken.status_code == 400


def test_a_patient_sees_what_is_shared_and_clean(
    api: Api,
    people: Everybody,
    send: Callable[..., Any],
    scanned: Callable[..., dict[str, Any]],
    follow: Callable[[str], Any],
) -> None:
    patient, therapist = api(people.norte.patient), api(people.norte.therapist)
    hidden = scanned()
    send(shared_with_patient="true")  # in quarantine

    assert patient.get(URL).json()["results"] == []
    assert patient.get(f"{URL}/{hidden['id']}/link").status_code == 404

    shared = therapist.patch(f"{URL}/{hidden['id']}", {"shared_with_patient": True})
    assert shared.json()["shared_with_patient"] is True

    (seen,) = patient.get(URL).json()["results"]
    link = patient.get(f"{URL}/{seen['id']}/link").json()["url"]

    assert follow(link).status_code == 200

    therapist.patch(f"{URL}/{hidden['id']}", {"shared_with_patient": False})

    assert follow(link).status_code == 403  # permission is asked again
    assert patient.post(URL, {}, format="multipart").status_code == 403


def test_reception_sees_no_documents(
    api: Api, people: Everybody, scanned: Callable[..., dict[str, Any]]
) -> None:
    document, reception = scanned(), api(people.norte.receptionist)
    for path in (URL, f"{URL}/{document['id']}", f"{URL}/{document['id']}/link"):
        assert reception.get(path).status_code == 403


def test_a_therapist_sees_their_own_patients_documents(
    api: Api,
    people: Everybody,
    scanned: Callable[..., dict[str, Any]],
    send: Callable[..., Any],
    norte: ClinicRoute,
) -> None:
    document = scanned()

    with clinic_scope(norte):
        Patient.objects.update(therapist=None)

    therapist = api(people.norte.therapist)

    assert therapist.get(URL).json()["results"] == []
    assert therapist.get(f"{URL}/{document['id']}/link").status_code == 404
    assert errors_of(send()) == {"/patient": "does_not_exist"}


def test_a_deleted_document_is_out_of_sight_and_kept(
    api: Api,
    people: Everybody,
    scanned: Callable[..., dict[str, Any]],
    follow: Callable[[str], Any],
    norte: ClinicRoute,
) -> None:
    document, owner = scanned(), api(people.norte.owner)
    path = f"{URL}/{document['id']}"
    link = owner.get(f"{path}/link").json()["url"]

    assert api(people.norte.therapist).delete(path).status_code == 403
    assert owner.delete(path).status_code == 204
    assert owner.get(path).status_code == 404
    assert follow(link).status_code == 403

    with clinic_scope(norte):
        assert Document.objects.get().deleted_at is not None


@pytest.mark.parametrize("value", [0, 1, "true", None, [True]])
def test_sharing_is_true_or_false(
    api: Api, people: Everybody, send: Callable[..., Any], value: Any
) -> None:
    path = send()["Location"]
    refused = api(people.norte.therapist).patch(path, {"shared_with_patient": value})
    assert "/shared_with_patient" in errors_of(refused)


@pytest.mark.parametrize("value", ["0", "1", "True", "on", "", " true"])
def test_sharing_is_true_or_false_in_a_form_too(send: Callable[..., Any], value: str) -> None:
    assert errors_of(send(shared_with_patient=value)) == {"/shared_with_patient": "invalid"}


def test_facts_of_a_file_cannot_be_changed(
    api: Api, people: Everybody, send: Callable[..., Any]
) -> None:
    path, therapist = send()["Location"], api(people.norte.therapist)
    refused = therapist.patch(path, {"name": "x.pdf", "status": "clean", "sha256": "0" * 64})

    assert errors_of(refused) == {
        "/name": "read_only",
        "/status": "read_only",
        "/sha256": "read_only",
    }
    assert therapist.patch(path, {"kind": "report"}).json()["kind"] == "report"

    found = therapist.get(URL, {"kind": "report", "status": "quarantined"}).json()["results"]
    assert len(found) == 1
