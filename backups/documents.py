"""The clinic's files: into the store, once by their content, and back.

A file is never changed under its name. What is in the store already is used again only if a trusted
manifest says what it must be.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile
from uuid import UUID

from django.core.files import File
from django.core.files.storage import default_storage

from backups.configuration import identities, recipients
from backups.errors import FilesFailed, ObjectMissing, SealBroken
from backups.layout import document_key, documents_prefix
from backups.manifests import Document, Manifest, short_name
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
    store: Store, clinic_id: UUID, backup_id: UUID, known: Known, damaged: Collection[str] = ()
) -> tuple[Document, ...]:
    """All of the clinic's files for a full; what the store lacks is copied to it.

    `known` are those of the backups before, by name, as far as they are sealed for today's
    recipients. Of these it copies again whose object is among the `damaged` keys or has another
    length. A file that goes while this runs belonged to a row that was refused. Raises StoreError,
    FilesFailed.
    """
    listed = store.listed(documents_prefix(clinic_id)) if known else ()
    sizes = {item.key: item.size for item in listed}
    sound = {
        name: document
        for name, document in known.items()
        if document.file.key not in damaged
        and sizes.get(document.file.key) == document.file.stored.length
    }
    names = documents_listed(clinic_id)
    kept = {name: sound[name] for name in names if name in sound and _is_as_long(name, sound[name])}
    copied = _Copying(store, clinic_id, backup_id, sound.values()).of(
        name for name in names if name not in kept
    )
    return tuple(sorted([*kept.values(), *copied], key=lambda document: document.name))


def documents_added(
    store: Store,
    backup_id: UUID,
    *,
    full: Manifest,
    parent: Manifest,
    damaged: Collection[str] = (),
) -> tuple[Document, ...]:
    """The files that the chain of `parent`, which begins with `full`, hasn't; copied to the store.

    Raises StoreError, FilesFailed.
    """
    clinic_id = full.clinic_id
    known = {document.name for document in full.documents}
    added = set(parent.since.added if parent.since else ())
    sound = [document for document in full.documents if document.file.key not in damaged]
    return tuple(
        _Copying(store, clinic_id, backup_id, sound).of(
            name
            for name in documents_listed(clinic_id)
            if name not in known and short_name(name) not in added
        )
    )


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


def documents_damaged(
    documents: Iterable[Document], check: Callable[[SealedObject], object]
) -> list[str]:
    """The keys of the objects that `check` refuses, each looked at once. Raises StoreError."""
    found = []
    for item in {document.file.key: document.file for document in documents}.values():
        try:
            check(item)
        except UNSOUND:
            found.append(item.key)
    return found


def open_document(store: Store, item: SealedObject) -> None:
    """See that an identity of ours opens the object, and that its content is the right one.

    Raises StoreError, CutShort, TrailingBytes, Altered, WrongKey or WrongContent.
    """
    unseal(store, item, identities(), lambda _: None)


class _Copying:
    """Files on their way into the store, each content once."""

    def __init__(
        self, store: Store, clinic_id: UUID, backup_id: UUID, sound: Iterable[Document]
    ) -> None:
        self._store, self._clinic_id, self._backup_id = store, clinic_id, backup_id
        self._by_content = {document.file.content.sha256: document.file for document in sound}

    def of(self, names: Iterable[str]) -> Iterator[Document]:
        for name in names:
            with suppress(FileNotFoundError):
                yield Document(name=name, file=self._copied(name))

    def _copied(self, name: str) -> SealedObject:
        content = Tally()
        for chunk in _chunks(name):
            content.add(chunk)
        sha256 = content.digest.sha256
        same = self._by_content.get(sha256)
        if same and self._store.size(same.key) == same.stored.length:
            return same
        key = document_key(self._clinic_id, sha256, self._backup_id)
        file = seal(self._store, key, _chunks(name), recipients())
        self._by_content[sha256] = file
        return file


def _is_as_long(name: str, document: Document) -> bool:
    """Not when it was copied while it was being uploaded, which a folder makes possible."""
    return _size_on_disk(name) in {None, document.file.content.length}


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
