"""Scanners give a verdict; without one, documents wait."""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.utils import timezone
from pytest_django import Settings

from patients.errors import ScannerUnavailable
from patients.models import Document
from patients.scanning import ClamdScanner, Verdict
from patients.services import document_scan
from patients.tasks import scan_document, scan_waiting, scan_waiting_of_every_clinic
from tenants.context import ClinicRoute

LAUDO = b"%PDF-1.7\nlaudo"


class Judge:
    """A scanner whose verdict the test sets."""

    verdict: Verdict | None = None

    def scan(self, chunks: Iterable[bytes]) -> Verdict:
        assert b"".join(chunks) == LAUDO
        if self.verdict is None:
            raise ScannerUnavailable
        return self.verdict


@pytest.fixture
def judge(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> type[Judge]:
    monkeypatch.setattr("patients.scanning.import_string", {"judge": Judge}.get)
    monkeypatch.setattr(Judge, "verdict", None)
    settings.DOCUMENT_SCANNER = "judge"
    return Judge


def test_an_infected_document_says_what_was_found(
    in_norte: ClinicRoute, upload: Callable[..., Document], judge: type[Judge]
) -> None:
    judge.verdict = Verdict(clean=False, report="Eicar")
    document = document_scan(acting_user=None, document=upload())
    assert (document.status, document.scan_report) == ("infected", "Eicar")
    judge.verdict = Verdict(clean=True, report="OK")
    document_scan(acting_user=None, document=document)  # the first verdict stands
    assert Document.objects.get().status == "infected"


def test_without_a_scanner_documents_wait_and_are_scanned_later(
    in_norte: ClinicRoute, upload: Callable[..., Document], judge: type[Judge]
) -> None:
    document = upload()
    clinic = str(in_norte.clinic_id)
    scan_document(clinic, str(document.pk))
    later = timezone.now() + timedelta(minutes=6)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("patients.tasks.timezone.now", lambda: later)
        assert scan_waiting(clinic) == 0
        judge.verdict = Verdict(clean=True, report="OK")
        assert scan_waiting(clinic) == 1
        assert scan_waiting(clinic) == 0

    assert Document.objects.get().status == "clean"


def test_a_fresh_upload_is_left_to_its_own_task(
    in_norte: ClinicRoute, upload: Callable[..., Document], judge: type[Judge]
) -> None:
    upload()
    judge.verdict = Verdict(clean=True, report="OK")
    assert scan_waiting(str(in_norte.clinic_id)) == 0
    scan_document(str(in_norte.clinic_id), str(Document.objects.get().pk))
    assert Document.objects.get().status == "clean"


def test_every_clinic_is_scanned(norte: ClinicRoute, sul: ClinicRoute) -> None:
    assert scan_waiting_of_every_clinic() >= 2


@pytest.fixture
def clamd(settings: Settings, tmp_path: Path) -> Iterator[Callable[[bytes], list[bytes]]]:
    """`clamd(answer)`: a daemon that gives this answer, once; returns what it will receive."""
    servers: list[tuple[socket.socket, threading.Thread]] = []

    def start(answer: bytes, *, tcp: bool = False) -> list[bytes]:
        server = socket.socket(socket.AF_INET if tcp else socket.AF_UNIX)
        server.bind(("127.0.0.1", 0) if tcp else str(tmp_path / "clamd"))
        server.listen()
        settings.CLAMD_URL = (
            f"tcp://127.0.0.1:{server.getsockname()[1]}" if tcp else f"unix://{tmp_path}/clamd"
        )
        received: list[bytes] = []

        def serve() -> None:
            connection, _address = server.accept()
            with connection, connection.makefile("rb") as stream:
                received.append(stream.read(len(b"zINSTREAM\0")))
                while length := int.from_bytes(stream.read(4), "big"):
                    received.append(stream.read(length))
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        servers.append((server, thread))
        return received

    yield start

    for server, thread in servers:
        thread.join(timeout=10)
        server.close()


@pytest.mark.without_database
@pytest.mark.parametrize("tcp", [False, True])
def test_clamd_is_asked_in_its_own_words(clamd: Callable[..., list[bytes]], tcp: bool) -> None:
    received = clamd(b"stream: OK\0", tcp=tcp)
    assert ClamdScanner().scan([b"one", b"", b"two"]) == Verdict(clean=True, report="ClamAV: OK")
    assert received == [b"zINSTREAM\0", b"one", b"two"]


@pytest.mark.without_database
def test_clamd_finds_something(clamd: Callable[..., list[bytes]]) -> None:
    clamd(b"stream: Eicar-Test-Signature FOUND\0")
    found = Verdict(clean=False, report="ClamAV: Eicar-Test-Signature FOUND")
    assert ClamdScanner().scan([LAUDO]) == found


@pytest.mark.without_database
@pytest.mark.parametrize(
    "answer", [b"", b"stream: O", b"INSTREAM size limit exceeded. ERROR\0", b"FOUND\0"]
)
def test_an_answer_cut_short_is_no_verdict(
    clamd: Callable[..., list[bytes]], answer: bytes
) -> None:
    clamd(answer)
    with pytest.raises(ScannerUnavailable):
        ClamdScanner().scan([LAUDO])


@pytest.mark.without_database
def test_a_scanner_that_isnt_there_gives_no_verdict(settings: Settings, tmp_path: Path) -> None:
    for url in ("tcp://127.0.0.1:1", f"unix://{tmp_path}/nothing"):
        settings.CLAMD_URL = url
        with pytest.raises(ScannerUnavailable):
            ClamdScanner().scan([LAUDO])


@pytest.mark.without_database
def test_the_deployment_check_warns_of_the_scanner_that_scans_nothing(
    settings: Settings,
) -> None:
    def warned() -> bool:
        found = run_checks(tags=["security"], include_deployment_checks=True)
        return "patients.W001" in {message.id for message in found}

    assert warned()

    settings.DOCUMENT_SCANNER = "patients.scanning.ClamdScanner"
    assert not warned()
