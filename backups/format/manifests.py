"""The manifest: what one backup is, signed, and written last. Without it there is no backup.

Two lines of JSON: the manifest, and the signature over the first line with its line end. A person
checks it with `head -n 1` and openssl (backups/store_readme/restore.sh).
"""

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from backups.errors import ManifestRefused
from backups.format.canonical import decoded, encoded
from backups.format.keys import SigningKey, is_signed
from backups.format.objects import CHUNK, PlainObject, SealedObject
from backups.stores import Reader, Store
from backups.stores.layout import data_prefix, documents_prefix, is_key, manifest_key

FORMAT = 1
LARGEST = 256 * 1024 * 1024  # bytes; some 500,000 documents


class BackupKind(StrEnum):
    """What a backup holds."""

    FULL = "full"
    INCREMENT = "increment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """The backup that an increment continues, and the SHA-256 of its manifest file."""

    backup_id: UUID
    manifest_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the transaction ids come from: they mean nothing on another server.

    `incarnation` is the schema's oid: a restore or a move makes a new one.
    """

    shard: str
    system_identifier: str
    timeline: int
    incarnation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryRecord:
    """What the directory knew about the clinic, but not its place; the primary domain is first."""

    name: str
    plan: str
    time_zone: str
    state: str
    closed: bool
    domains: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRange:
    """The changes from `start` (none: from the beginning) to `end`, as pg_snapshot writes them."""

    start: str | None
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table's rows: how many, the SHA-256 of what COPY wrote of them, and where in the stream.

    The rows are the bytes of the object's content from `first_byte` up to but not including
    `end_byte`.
    """

    name: str
    rows: int
    rows_hash: str
    first_byte: int
    end_byte: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentCopy:
    """A document of the clinic: its name in the storage of files, and the object that holds it."""

    name: str
    file: SealedObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """An increment's full, and which files the chain added since then.

    `added` holds their names as `short_name` returns them, so that two manifests show which files
    are new, however long the chain is.
    """

    full: UUID
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One backup of one clinic. It holds no data of patients.

    `created_at` is the moment of the snapshot by the server's clock. `facts` is the directory's
    record of the clinic. `recipients` can open all objects and documents, whichever backup wrote
    them.
    """

    format: int = FORMAT
    backup_id: UUID
    clinic_id: UUID
    schema_name: str
    facts: DirectoryRecord
    kind: BackupKind
    parent: Parent | None
    created_at: datetime
    origin: Origin
    ddl_fingerprint: str
    migration_digest: str
    snapshots: SnapshotRange
    since: Since | None
    recipients: tuple[str, ...]
    ddl: tuple[PlainObject, ...]
    objects: tuple[SealedObject, ...]
    tables: tuple[Table, ...]
    documents: tuple[DocumentCopy, ...]
    software: str

    @property
    def key(self) -> str:
        """The manifest's own key in the store."""
        return manifest_key(self.clinic_id, self.backup_id)

    @property
    def stored_objects(self) -> Iterator[PlainObject | SealedObject]:
        """All objects in the store that the backup needs, besides the manifest."""
        yield from self.ddl
        yield from self.objects
        yield from (document.file for document in self.documents)


@dataclass(frozen=True, slots=True)
class Signed:
    """A manifest that was read or written, and the SHA-256 of its file, in hexadecimal."""

    manifest: Manifest
    sha256: str

    @property
    def as_parent(self) -> Parent:
        """The `parent` of the increment that continues it."""
        return Parent(backup_id=self.manifest.backup_id, manifest_sha256=self.sha256)

    def since(self, documents: Iterable[DocumentCopy]) -> Since:
        """The `since` of the increment that continues it with these documents."""
        older = self.manifest.since or Since(full=self.manifest.backup_id, added=())
        new = (short_name(document.name) for document in documents)
        return Since(full=older.full, added=(*older.added, *new))


def short_name(name: str) -> str:
    """64 bits of the SHA-256 of a file's name, in hexadecimal. Names have about 80 characters."""
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def write_manifest(store: Store, manifest: Manifest, key: SigningKey) -> Signed:
    """Sign the manifest and write it. From then on the backup exists.

    Raises ObjectExists when the store has one of this id, ManifestRefused when a reader would
    refuse it.
    """
    if reason := _fault(manifest):
        raise ManifestRefused(manifest.key, reason)

    line = encoded(manifest) + b"\n"
    content = line + _signature_line(key.public, key.sign(line))
    if len(content) > LARGEST:
        raise ManifestRefused(manifest.key, "it is too large.")

    store.create(manifest.key, content)
    return Signed(manifest, hashlib.sha256(content).hexdigest())


def read_manifest(
    store: Store, clinic_id: UUID, backup_id: UUID, trusted: Collection[str]
) -> Signed:
    """The manifest of this backup, signed by one of the `trusted` keys.

    Raises StoreError, or ManifestRefused when it can't be trusted or is another backup's.
    """
    key = manifest_key(clinic_id, backup_id)
    with store.reading(key) as reader:
        content = _all_of(reader, key)

    try:
        manifest = decoded(Manifest, _signed_line(key, content, trusted))
    except ValueError as error:
        raise ManifestRefused(key, f"it is {error}.") from error

    if (manifest.clinic_id, manifest.backup_id) != (clinic_id, backup_id):
        raise ManifestRefused(key, "it belongs to another clinic or backup, and was moved here.")
    if reason := _fault(manifest):
        raise ManifestRefused(key, reason)

    return Signed(manifest, hashlib.sha256(content).hexdigest())


def _all_of(reader: Reader, key: str) -> bytes:
    content = bytearray()
    while chunk := reader.read(CHUNK):
        content += chunk
        if len(content) > LARGEST:
            raise ManifestRefused(key, "it is too large.")
    return bytes(content)


def _signed_line(key: str, content: bytes, trusted: Collection[str]) -> bytes:
    """The first line, if a trusted key signed it. Only then is its content parsed."""
    line, end, last = content.partition(b"\n")
    try:
        said = json.loads(last)
        public, signature = str(said["key"]), b64decode(said["signature"], validate=True)
        if last != _signature_line(public, signature):
            raise ValueError("more than a signature")
    except (ValueError, TypeError, KeyError) as error:
        raise ManifestRefused(key, "it has no signature: it was cut short or altered.") from error

    if public not in trusted:
        raise ManifestRefused(key, "its signing key isn't one of BACKUP_TRUSTED_KEYS.")
    if not is_signed(line + end, signature, public):
        raise ManifestRefused(key, "its signature doesn't fit: it was altered.")
    if (made_by := json.loads(line).get("format")) != FORMAT:
        raise ManifestRefused(key, f"it has format {made_by}; this software knows {FORMAT}.")

    return line


def _signature_line(public: str, signature: bytes) -> bytes:
    said = {"key": public, "signature": b64encode(signature).decode()}
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"


def _fault(manifest: Manifest) -> str:
    """Why a well-formed, signed manifest must be refused; empty when it is right."""
    is_full = manifest.kind is BackupKind.FULL
    above = (manifest.parent, manifest.snapshots.start, manifest.since)
    if any(is_full != (fact is None) for fact in above):
        return "an increment has a parent and a first snapshot, a full has neither."

    own = data_prefix(manifest.clinic_id, manifest.backup_id)
    shared = documents_prefix(manifest.clinic_id)
    placed = [
        *(("ddl/", item.key) for item in manifest.ddl),
        *((own, item.key) for item in manifest.objects),
        *((shared, document.file.key) for document in manifest.documents),
    ]

    for prefix, key in placed:
        if not (is_key(key) and key.startswith(prefix)):
            return f"it refers to an object outside {prefix}."

    return ""
