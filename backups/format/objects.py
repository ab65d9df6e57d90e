"""What a manifest says about an object; checking an object's bytes; and unsealed objects."""

import hashlib
from dataclasses import dataclass

from backups.errors import Altered, CutShort, ObjectExists, TrailingBytes
from backups.stores import Reader, Store

CHUNK = 256 * 1024  # bytes read at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The length, and the SHA-256 in hexadecimal, that a sequence of bytes must have."""

    length: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainObject:
    """An object that anybody can read: a schema's definition, without patients' data."""

    key: str
    stored: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedObject:
    """An object that only its recipients can read: as `stored`, and its opened `content`."""

    key: str
    stored: Digest
    content: Digest


class Tally:
    """Counts and hashes the bytes that pass through."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.length = 0

    def add(self, data: bytes) -> None:
        """Add the next bytes."""
        self._hash.update(data)
        self.length += len(data)

    @property
    def digest(self) -> Digest:
        """The digest of all bytes so far."""
        return Digest(length=self.length, sha256=self._hash.hexdigest())


def digest_of(data: bytes) -> Digest:
    """The digest of bytes in memory."""
    tally = Tally()
    tally.add(data)
    return tally.digest


class CheckedReader:
    """Reads an object's bytes, and compares them with what they must be."""

    def __init__(self, key: str, reader: Reader, expected: Digest) -> None:
        self._key, self._reader, self._expected = key, reader, expected
        self._tally = Tally()
        self._ready, self._at = b"", 0

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, none at the end. Reads at most one chunk more than there must be."""
        if self._at == len(self._ready):
            ended = self._tally.length > self._expected.length
            self._ready, self._at = b"" if ended else self._reader.read(CHUNK), 0
            self._tally.add(self._ready)

        data = self._ready[self._at : self._at + size]
        self._at += len(data)
        return data

    def check(self) -> None:
        """Read what is left, and compare. Raises CutShort, TrailingBytes or Altered."""
        while self.read(CHUNK):
            pass

        found, expected = self._tally.digest, self._expected
        if found.length < expected.length:
            raise CutShort(self._key)
        if found.length > expected.length:
            raise TrailingBytes(self._key)
        if found != expected:
            raise Altered(self._key)


def verify_stored(store: Store, item: PlainObject | SealedObject) -> None:
    """Check, without any key, that the store has the bytes that were written.

    Raises StoreError, CutShort, TrailingBytes or Altered.
    """
    with store.reading(item.key) as reader:
        CheckedReader(item.key, reader, item.stored).check()


def write_plain(store: Store, key: str, content: bytes) -> PlainObject:
    """Write the content under `key`, unless it is there already.

    Raises StoreError, and Altered and its like when other content is there.
    """
    item = PlainObject(key=key, stored=digest_of(content))

    try:
        store.create(key, content)
    except ObjectExists:
        verify_stored(store, item)

    return item


def read_plain(store: Store, item: PlainObject) -> bytes:
    """The whole content, checked. Raises StoreError, CutShort, TrailingBytes or Altered."""
    with store.reading(item.key) as reader:
        checked = CheckedReader(item.key, reader, item.stored)
        content = b"".join(iter(lambda: checked.read(CHUNK), b""))
        checked.check()
    return content
