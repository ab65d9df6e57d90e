"""The clinic's files in the storage of files, and the storage's failures in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from django.core.files.storage import default_storage

from backups.errors import FilesFailed
from backups.format.objects import CHUNK


def documents_listed(clinic_id: UUID) -> list[str]:
    """The names of the clinic's files in the storage of files, sorted. Raises FilesFailed."""
    with storage_failures():
        return sorted(_below(str(clinic_id)))


def size_on_disk(name: str) -> int | None:
    """The file's size in bytes, in a folder; None when it isn't there.

    None for every other storage: there a file is whole, or it isn't there.
    """
    try:
        return Path(default_storage.path(name)).stat().st_size
    except (NotImplementedError, FileNotFoundError):
        return None


def chunks_of(name: str) -> Iterator[bytes]:
    """The file's content. Raises FileNotFoundError, FilesFailed."""
    with storage_failures(), default_storage.open(name) as file:
        yield from file.chunks(CHUNK)


@contextmanager
def storage_failures() -> Iterator[None]:
    """Turn any failure of the storage into FilesFailed, without its message: it may quote secrets.

    FileNotFoundError passes.
    """
    try:
        yield
    except (FileNotFoundError, FilesFailed):
        raise
    except Exception as error:
        raise FilesFailed(failure=type(error).__name__) from error


def _below(folder: str) -> Iterator[str]:
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return

    yield from (f"{folder}/{name}" for name in files)
    for name in folders:
        yield from _below(f"{folder}/{name}")
