"""The clinic's files, kept in the store once by their content."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from uuid import UUID

from django.core.files import File
from django.core.files.storage import default_storage

from backups.configuration import identities, recipients
from backups.errors import ObjectExists
from backups.layout import document_key
from backups.manifests import Document
from backups.objects import CHUNK, SealedObject, Tally
from backups.sealing import seal, unseal
from backups.stores import Store

_IN_MEMORY = 4 * 1024 * 1024  # bytes of a file that is brought back
Known = Mapping[str, Document]


def documents_listed(clinic_id: UUID) -> list[str]:
    """The names of the clinic's files in the storage of files, sorted."""
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


def documents_returned(store: Store, documents: Iterable[Document]) -> int:
    """Put the files that the storage of files lacks back into it; returns how many.

    A file is never changed under its name, so that one that is there is the right one. Raises
    StoreError, CutShort, Altered and the like.
    """
    returned = 0
    for document in {document.name: document for document in documents}.values():
        if default_storage.exists(document.name):
            continue
        with SpooledTemporaryFile(_IN_MEMORY) as content:
            unseal(store, document.file, identities(), content.write)
            content.seek(0)
            default_storage.save(document.name, File(content))
        returned += 1
    return returned


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


def _chunks(name: str) -> Iterator[bytes]:
    with default_storage.open(name) as file:
        yield from file.chunks(CHUNK)


def _below(folder: str) -> Iterator[str]:
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{name}" for name in files)
    for name in folders:
        yield from _below(f"{folder}/{name}")
