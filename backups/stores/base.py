"""The interface of every store. An object is there as a whole, or not at all."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from backups.errors import StoreError
from backups.stores.layout import is_key


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object in a listing: its size in bytes, and when it was written (UTC)."""

    key: str
    size: int
    modified: datetime


class Writer(Protocol):
    """Takes an object's bytes, in order."""

    def write(self, data: bytes) -> int:
        """Take all of `data`; returns its length."""


class Reader(Protocol):
    """Gives an object's bytes, in order."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""


class Upload(Writer, Protocol):
    """An object being written, invisible until it is committed."""

    def commit(self) -> None:
        """Make the object visible and durable. Raises ObjectExists if another writer was first."""

    def abandon(self) -> None:
        """Give the upload up. Never raises: leftovers are swept later."""


class Store(ABC):
    """A place for objects. Every method raises StoreError when the store fails."""

    @abstractmethod
    def begin(self, key: str) -> Upload:
        """Begin an upload to `key`. Callers use `writing`."""

    @abstractmethod
    def reading(self, key: str) -> AbstractContextManager[Reader]:
        """The object's bytes, a piece at a time. Raises ObjectMissing."""

    @abstractmethod
    def listed(self, prefix: str) -> Iterator[StoredObject]:
        """Every object whose key starts with `prefix`, in order of keys."""

    @abstractmethod
    def size(self, key: str) -> int | None:
        """The object's size in bytes; None when there is none."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove the object; no error when it isn't there."""

    @abstractmethod
    def sweep_unfinished(self, before: datetime) -> int:
        """Remove uploads that began before then and were never committed; returns how many."""

    @contextmanager
    def writing(self, key: str) -> Iterator[Writer]:
        """A writer of the object: durable when the block ends, absent when the block raises.

        Raises ObjectExists when the key is taken: at once, or at the end of the block if another
        writer was faster.
        """
        upload = self.begin(checked(key))

        try:
            yield upload
            upload.commit()
        except BaseException:
            upload.abandon()
            raise

    def create(self, key: str, content: bytes) -> None:
        """Write a small object unless there is one. Of several writers one succeeds.

        The others get ObjectExists. (An S3-compatible endpoint that ignores If-None-Match lets two
        simultaneous writers both succeed; there only the caller's lock protects.)
        """
        with self.writing(key) as writer:
            writer.write(content)


def checked(key: str) -> str:
    """The key, if stores take it. Raises StoreError for a path that leads elsewhere."""
    if not is_key(key):
        raise StoreError(key, "This is no key of a store.", "See backups/stores/layout.py.")
    return key
