"""What a manifest says of an object, and objects that are stored as they are."""

import hashlib
from dataclasses import dataclass

from backups.errors import Altered, CutShort, ObjectExists, TrailingBytes
from backups.stores import Reader, Store

CHUNK = 256 * 1024  # bytes read at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What a sequence of bytes must be: its length, and its SHA-256 in hexadecimal."""

    length: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainObject:
    """An object of the store that anybody can read: a schema's definition, without a patient."""

    key: str
    stored: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedObject:
    """An object of the store that its recipients can read: its bytes, and what comes out."""

    key: str
    stored: Digest
    content: Digest


class Tally:
    """Counts and hashes bytes that go by."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.length = 0

    def add(self, data: bytes) -> None:
        """Take the next bytes in."""
        self._hash.update(data)
        self.length += len(data)

    @property
    def digest(self) -> Digest:
        """Of all bytes so far."""
        return Digest(length=self.length, sha256=self._hash.hexdigest())


def digest_of(data: bytes) -> Digest:
    """Of bytes in memory."""
    tally = Tally()
    tally.add(data)
    return tally.digest


class CheckedReader:
    """An object's bytes on their way out, held against what they must be."""

    def __init__(self, key: str, reader: Reader, expected: Digest) -> None:
        self._key, self._reader, self._expected = key, reader, expected
        self._tally = Tally()
        self._ready, self._at = b"", 0

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, none at the end; not one more than there must be, plus one chunk."""
        if self._at == len(self._ready):
            ended = self._tally.length > self._expected.length
            self._ready, self._at = b"" if ended else self._reader.read(CHUNK), 0
            self._tally.add(self._ready)
        data = self._ready[self._at : self._at + size]
        self._at += len(data)
        return data

    def check(self) -> None:
        """Read what is left, and judge. Raises CutShort, TrailingBytes or Altered."""
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
    """See, without any key, that the store has the bytes that were written.

    Raises StoreError, CutShort, TrailingBytes or Altered.
    """
    with store.reading(item.key) as reader:
        CheckedReader(item.key, reader, item.stored).check()


def write_plain(store: Store, key: str, content: bytes) -> PlainObject:
    """Write the content under `key`; that it is there already is as good.

    Raises StoreError, and Altered and its like when something else is there.
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
