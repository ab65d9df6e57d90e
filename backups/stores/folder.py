"""A folder as a store, on a local disk or a mounted one that supports hard links."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from backups.errors import ObjectExists, ObjectMissing, StoreError
from backups.stores.base import Reader, Store, StoredObject, Upload, checked
from core.ids import uuid7

_UNFINISHED = ".unfinished"  # no key begins with a dot
_NEXT_STEPS = {
    errno.ENOSPC: "Free space on its disk, then try again.",
    errno.EDQUOT: "Raise the quota, then try again.",
    errno.EACCES: "Give the process the right to read and write the folder.",
    errno.EPERM: "Use a folder on a file system with hard links, and the right to write it.",
    errno.ENOTSUP: "Use a folder on a file system with hard links.",
    errno.EROFS: "Mount the folder so that it can be written.",
    errno.EIO: "Look at the disk: it fails.",
}


class FolderStore(Store):
    """Keys are paths below `root`. Only their owner can read the files (0600)."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def begin(self, key: str) -> Upload:
        if self.size(key) is not None:
            raise ObjectExists(key)
        with _failures(key):
            return _FolderUpload(self.root, key)

    @contextmanager
    def reading(self, key: str) -> Iterator[Reader]:
        with _failures(key):
            try:
                file = self._path(key).open("rb")
            except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
                raise ObjectMissing(key) from error
        with file:
            yield _FolderReader(key, file)

    def listed(self, prefix: str) -> Iterator[StoredObject]:
        with _failures(prefix):
            keys = sorted(_keys_below(self.root, prefix.rpartition("/")[0]))

        for key in keys:
            if key.startswith(prefix) and not key.startswith(_UNFINISHED):
                with _failures(key):
                    try:
                        found = (self.root / key).stat()
                    except FileNotFoundError:  # deleted meanwhile
                        continue

                yield StoredObject(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def size(self, key: str) -> int | None:
        with _failures(key):
            try:
                return self._path(key).stat().st_size
            except (FileNotFoundError, NotADirectoryError):
                return None

    def delete(self, key: str) -> None:
        path = self._path(key)
        with _failures(key), suppress(FileNotFoundError):
            path.unlink()
            _sync(path.parent)

    def sweep_unfinished(self, before: datetime) -> int:
        swept = 0

        with _failures(_UNFINISHED):
            for path in (self.root / _UNFINISHED).glob("*"):
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime < before.timestamp():
                        path.unlink()
                        swept += 1

        return swept

    def _path(self, key: str) -> Path:
        return self.root / checked(key)


class _FolderUpload:
    """A file aside, linked to its place once it is complete and on the disk."""

    def __init__(self, root: Path, key: str) -> None:
        self._key, self._root, self._path = key, root, root / key
        self._aside = root / _UNFINISHED / str(uuid7())

        _make_folder(self._aside.parent)
        descriptor = os.open(self._aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb")

    def write(self, data: bytes) -> int:
        with _failures(self._key):
            return self._file.write(data)

    def commit(self) -> None:
        with _failures(self._key):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

            _make_folder(self._path.parent)
            try:
                # A rename would replace what another writer put there; a link refuses to.
                os.link(self._aside, self._path)
            except FileExistsError as error:
                raise ObjectExists(self._key) from error

            _sync(self._path.parent)
            with suppress(OSError):  # the object is there; the file aside is swept later
                self._aside.unlink()

    def abandon(self) -> None:
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._aside.unlink()


class _FolderReader:
    def __init__(self, key: str, file: BinaryIO) -> None:
        self._key, self._file = key, file

    def read(self, size: int, /) -> bytes:
        with _failures(self._key):
            return self._file.read(size)


def _keys_below(root: Path, folder: str) -> Iterator[str]:
    """The paths of all files in the folder, relative to `root`. Raises OSError."""

    def refuse(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):  # an incomplete listing is worse than none
            raise error

    for parent, _folders, names in os.walk(root / folder, onerror=refuse):
        for name in names:
            yield (Path(parent) / name).relative_to(root).as_posix()


def _make_folder(folder: Path) -> None:
    """Make the folder and its parents, each on the disk before anything is put into it."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _failures(key: str) -> Iterator[None]:
    """Turn the file system's errors into the store's."""
    try:
        yield
    except OSError as error:
        what = f"The folder of backups fails: {error.strerror}."
        do = _NEXT_STEPS.get(error.errno or 0, "Look at the folder and its disk, then try again.")
        raise StoreError(key, what, do) from error
