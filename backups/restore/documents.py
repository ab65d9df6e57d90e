"""A clinic's files on their way back from the store, and whether their objects are sound."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from tempfile import SpooledTemporaryFile
from uuid import UUID

from django.core.files import File
from django.core.files.storage import default_storage

from backups.errors import UNSOUND, FilesFailed
from backups.format.manifests import DocumentCopy
from backups.format.objects import SealedObject
from backups.format.sealing import unseal
from backups.installation import Installation
from backups.snapshot.files import documents_listed, size_on_disk, storage_failures

_IN_MEMORY = 4 * 1024 * 1024  # bytes of a file that is brought back


def documents_returned(
    installation: Installation, documents: Iterable[DocumentCopy], clinic_id: UUID
) -> tuple[str, ...]:
    """Put the files that the clinic lacks back into the storage, below its own prefix.

    `clinic_id` is the clinic that is restored: for a copy, another one than the backup's. Returns
    the names of the files that can't be brought back, because their objects are gone, damaged or
    for another key. Raises StoreError and FilesFailed when the whole store or storage fails.
    """
    there, missing = set(documents_listed(clinic_id)), []

    for document in {document.name: document for document in documents}.values():
        name = f"{clinic_id}/{document.name.partition('/')[2]}"
        length = document.file.content.length
        if name in there and not _is_torn(name, length):
            continue

        with SpooledTemporaryFile(_IN_MEMORY) as content:
            try:
                unseal(installation.store, document.file, installation.identities, content.write)
            except UNSOUND:
                missing.append(name)
                continue

            content.seek(0)
            with storage_failures():
                if name in there:
                    default_storage.delete(name)
                default_storage.save(name, File(content))

    return tuple(missing)


@contextmanager
def documents_of_a_copy(clinic_id: UUID) -> Iterator[None]:
    """Remove the new clinic's files again when the block raises."""
    try:
        yield
    except BaseException:
        with suppress(FilesFailed), storage_failures():
            for name in documents_listed(clinic_id):
                default_storage.delete(name)
        raise


def documents_damaged(
    documents: Iterable[DocumentCopy], check: Callable[[SealedObject], object]
) -> list[str]:
    """The keys of the objects that `check` refuses, each checked once. Raises StoreError."""
    found = []

    for item in {document.file.key: document.file for document in documents}.values():
        try:
            check(item)
        except UNSOUND:
            found.append(item.key)

    return found


def open_document(installation: Installation, item: SealedObject) -> None:
    """Check that an identity of ours opens the object, and that its content is the right one.

    Raises StoreError, CutShort, TrailingBytes, Altered, WrongKey or WrongContent.
    """
    unseal(installation.store, item, installation.identities, lambda _: None)


def _is_torn(name: str, length: int) -> bool:
    """Whether a restore died while it wrote the file into a folder; `length` in bytes."""
    size = size_on_disk(name)
    return size is not None and size < length
