"""A clinic's files on their way into the store, each content once.

A file never changes under its name. An object that is already in the store is used again only if a
trusted manifest says what it must be.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from uuid import UUID

from backups.format.manifests import DocumentCopy, Manifest, short_name
from backups.format.objects import SealedObject, Tally
from backups.format.sealing import seal
from backups.installation import Installation
from backups.snapshot.files import chunks_of, documents_listed, size_on_disk
from backups.stores.layout import document_key, documents_prefix


def documents_kept(
    installation: Installation,
    clinic_id: UUID,
    backup_id: UUID,
    known: Mapping[str, DocumentCopy],
    damaged: Collection[str] = (),
) -> tuple[DocumentCopy, ...]:
    """All of the clinic's files, for a full; what the store lacks is copied to it.

    `known` are the files of earlier backups, by name, sealed for today's recipients. A known file
    is copied again when its object is among the `damaged` keys or has another length. A file that
    disappears while this runs belonged to a row that was refused. Raises StoreError, FilesFailed.
    """
    listed = installation.store.listed(documents_prefix(clinic_id)) if known else ()
    sizes = {item.key: item.size for item in listed}
    sound = {
        name: document
        for name, document in known.items()
        if document.file.key not in damaged
        and sizes.get(document.file.key) == document.file.stored.length
    }

    names = documents_listed(clinic_id)
    kept = {name: sound[name] for name in names if name in sound and _is_whole(name, sound[name])}

    copied = _Copying(installation, clinic_id, backup_id, sound.values()).of(
        name for name in names if name not in kept
    )
    return tuple(sorted([*kept.values(), *copied], key=lambda document: document.name))


def documents_added(
    installation: Installation,
    backup_id: UUID,
    *,
    full: Manifest,
    parent: Manifest,
    damaged: Collection[str] = (),
) -> tuple[DocumentCopy, ...]:
    """The files that the chain from `full` to `parent` lacks, copied to the store.

    Raises StoreError, FilesFailed.
    """
    clinic_id = full.clinic_id
    known = {document.name for document in full.documents}
    added = set(parent.since.added if parent.since else ())
    sound = [document for document in full.documents if document.file.key not in damaged]

    return tuple(
        _Copying(installation, clinic_id, backup_id, sound).of(
            name
            for name in documents_listed(clinic_id)
            if name not in known and short_name(name) not in added
        )
    )


class _Copying:
    """Copies files into the store, each content once."""

    def __init__(
        self,
        installation: Installation,
        clinic_id: UUID,
        backup_id: UUID,
        sound: Iterable[DocumentCopy],
    ) -> None:
        self._store, self._recipients = installation.store, installation.recipients
        self._clinic_id, self._backup_id = clinic_id, backup_id
        self._by_content = {document.file.content.sha256: document.file for document in sound}

    def of(self, names: Iterable[str]) -> Iterator[DocumentCopy]:
        for name in names:
            with suppress(FileNotFoundError):
                yield DocumentCopy(name=name, file=self._copied(name))

    def _copied(self, name: str) -> SealedObject:
        content = Tally()
        for chunk in chunks_of(name):
            content.add(chunk)

        sha256 = content.digest.sha256
        same = self._by_content.get(sha256)
        if same and self._store.size(same.key) == same.stored.length:
            return same

        key = document_key(self._clinic_id, sha256, self._backup_id)
        file = seal(self._store, key, chunks_of(name), self._recipients)
        self._by_content[sha256] = file
        return file


def _is_whole(name: str, document: DocumentCopy) -> bool:
    """False when the file was copied while it was being uploaded, which a folder makes possible."""
    return size_on_disk(name) in {None, document.file.content.length}
