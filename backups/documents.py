"""The clinic's files: into the store, once by their content, and back.

A file is never changed under its name.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile
from uuid import UUID

from django.core.files import File
from django.core.files.storage import default_storage

from backups.configuration import identities, recipients
from backups.errors import FilesFailed, ObjectExists, ObjectMissing, SealBroken
from backups.layout import document_key
from backups.manifests import Document
from backups.objects import CHUNK, SealedObject, Tally
from backups.sealing import seal, unseal
from backups.stores import Store

_IN_MEMORY = 4 * 1024 * 1024  # bytes of a file that is brought back
Known = Mapping[str, Document]
UNSOUND = (ObjectMissing, SealBroken)  # what is wrong with an object, not with the whole store


def documents_listed(clinic_id: UUID) -> list[str]:
    """The names of the clinic's files in the storage of files, sorted. Raises FilesFailed."""
    with _storage():
        return sorted(_below(str(clinic_id)))


def documents_kept(
    store: Store, clinic_id: UUID, known: Known, *, only_new: bool
) -> tuple[Document, ...]:
    """Copy to the store what it lacks of the clinic's files, and return what a manifest lists.

    `known` are those of the backups before, by name: a file is never changed under its name.
    `only_new` leaves these out. A file that goes while this runs belonged to a row that was
    refused. Raises StoreError.
    """
    found = []
    by_content = {document.file.content.sha256: document.file for document in known.values()}
    for name in documents_listed(clinic_id):
        kept = known.get(name)
        if kept and only_new:
            continue
        if kept and store.size(kept.file.key) == kept.file.stored.length:
            found.append(kept)
            continue
        with suppress(FileNotFoundError):
            file = _copied(store, clinic_id, name, by_content)
            by_content[file.content.sha256] = file
            found.append(Document(name=name, file=file))
    return tuple(found)


def documents_returned(
    store: Store, documents: Iterable[Document], clinic_id: UUID
) -> tuple[str, ...]:
    """Put the files that the clinic lacks back into the storage, below its own prefix.

    `clinic_id` is the one that is restored: for a copy another than the backup's. Returns the names
    of those that can't be brought back, because their objects are gone, damaged or for another key.
    Raises StoreError and FilesFailed, for failures that aren't of one object alone.
    """
    there, missing = set(documents_listed(clinic_id)), []
    for document in {document.name: document for document in documents}.values():
        name = f"{clinic_id}/{document.name.partition('/')[2]}"
        length = document.file.content.length
        if name in there and not _is_torn(name, length):
            continue
        with SpooledTemporaryFile(_IN_MEMORY) as content:
            try:
                unseal(store, document.file, identities(), content.write)
            except UNSOUND:
                missing.append(name)
                continue
            content.seek(0)
            with _storage():
                if name in there:
                    default_storage.delete(name)
                default_storage.save(name, File(content))
    return tuple(missing)


@contextmanager
def documents_of_a_copy(clinic_id: UUID) -> Iterator[None]:
    """Remove the files of a clinic that came to nothing, when the block raises."""
    try:
        yield
    except BaseException:
        with suppress(FilesFailed), _storage():
            for name in documents_listed(clinic_id):
                default_storage.delete(name)
        raise


def _copied(
    store: Store, clinic_id: UUID, name: str, by_content: Mapping[str, SealedObject]
) -> SealedObject:
    content = Tally()
    for chunk in _chunks(name):
        content.add(chunk)
    key = document_key(clinic_id, content.digest.sha256)
    if (same := by_content.get(content.digest.sha256)) and store.size(key) == same.stored.length:
        return same
    try:
        return seal(store, key, _chunks(name), recipients())
    except ObjectExists:  # of a run that died, or of a backup that is gone
        stored = Tally()
        with store.reading(key) as reader:
            while data := reader.read(CHUNK):
                stored.add(data)
        return SealedObject(key=key, stored=stored.digest, content=content.digest)


def _is_torn(name: str, length: int) -> bool:
    """Whether a restore died while it wrote the file into a folder."""
    size = _size_on_disk(name)
    return size is not None and size < length


def _size_on_disk(name: str) -> int | None:
    """None for a storage that is no folder: there a file is whole, or it isn't there."""
    try:
        return Path(default_storage.path(name)).stat().st_size
    except (NotImplementedError, FileNotFoundError):
        return None


def _chunks(name: str) -> Iterator[bytes]:
    with _storage(), default_storage.open(name) as file:
        yield from file.chunks(CHUNK)


def _below(folder: str) -> Iterator[str]:
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{name}" for name in files)
    for name in folders:
        yield from _below(f"{folder}/{name}")


@contextmanager
def _storage() -> Iterator[None]:
    """The storage's failures, whatever it is, in one line. Its messages may quote secrets."""
    try:
        yield
    except (FileNotFoundError, FilesFailed):
        raise
    except Exception as error:
        raise FilesFailed(failure=type(error).__name__) from error
