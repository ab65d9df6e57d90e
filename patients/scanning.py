"""Scanners of uploaded files. settings.DOCUMENT_SCANNER names the class to use.

A scanner that can't judge a file raises ScannerUnavailable, and the document stays in quarantine.
"""

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.module_loading import import_string

from patients.errors import ScannerUnavailable

_TIMEOUT = 30.0  # seconds without an answer from clamd


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the file is clean, and the scanner's own words."""

    clean: bool
    report: str


class Scanner(Protocol):
    """The interface of a scanner."""

    def scan(self, chunks: Iterable[bytes]) -> Verdict:
        """Judge a file. Raises ScannerUnavailable."""


def configured_scanner() -> Scanner:
    """The scanner that the settings name."""
    scanner: Scanner = import_string(settings.DOCUMENT_SCANNER)()
    return scanner


class DevelopmentScanner:
    """Scans nothing, calls every file clean, and says so in the report."""

    def scan(self, chunks: Iterable[bytes]) -> Verdict:
        """Call the file clean."""
        return Verdict(clean=True, report="not scanned (development)")


class ClamdScanner:
    """ClamAV's daemon at settings.CLAMD_URL (`tcp://host:port`, `unix:///path`); see clamd(8)."""

    def scan(self, chunks: Iterable[bytes]) -> Verdict:
        """Send the file with INSTREAM and read the verdict."""
        try:
            with _connected() as connection:
                connection.sendall(b"zINSTREAM\0")
                for chunk in chunks:
                    if chunk:  # an empty one would end the stream
                        connection.sendall(len(chunk).to_bytes(4, "big") + chunk)
                connection.sendall(bytes(4))
                answer = _read(connection)
        except OSError as error:
            raise ScannerUnavailable from error

        found = answer.removeprefix("stream: ")
        if found == "OK":
            return Verdict(clean=True, report="ClamAV: OK")
        if found.endswith(" FOUND"):
            return Verdict(clean=False, report=f"ClamAV: {found}")
        raise ScannerUnavailable(answer=answer[:100])  # an ERROR, or an answer cut short


def _connected() -> socket.socket:
    url = urlsplit(settings.CLAMD_URL)
    if url.scheme == "tcp":
        return socket.create_connection((url.hostname, url.port or 3310), timeout=_TIMEOUT)

    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(_TIMEOUT)
        connection.connect(url.path)
    except BaseException:
        connection.close()
        raise

    return connection


def _read(connection: socket.socket) -> str:
    answer = b""
    while not answer.endswith(b"\0") and (received := connection.recv(4096)):
        answer += received
    return answer.rstrip(b"\0").decode("utf-8", "replace")
