"""A folder on bad days: a killed writer, a failing disk."""

import errno
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backups.errors import StoreError
from backups.stores import FolderStore
from tests.backups.conftest import content_of, keys_of

pytestmark = pytest.mark.without_database
LATER = datetime.now(UTC) + timedelta(days=1)
KILLED = """
import os, signal, sys
from pathlib import Path
from backups.stores import FolderStore

with FolderStore(Path(sys.argv[1])).writing("clinics/a/data") as writer:
    writer.write(b"x" * 1_000_000)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_writer_that_is_killed_leaves_no_object_and_is_swept(folder: FolderStore) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder.root)],
        check=False,
        cwd=Path(__file__).parents[2],
    )

    assert done.returncode == -9
    assert keys_of(folder) == []
    assert folder.sweep_unfinished(LATER - timedelta(days=2)) == 0
    assert folder.sweep_unfinished(LATER) == 1
    assert list((folder.root / ".unfinished").iterdir()) == []


def test_objects_are_readable_only_by_their_owner(folder: FolderStore) -> None:
    folder.create("a/b", b"x")
    assert (folder.root / "a/b").stat().st_mode & 0o777 == 0o600
    assert (folder.root / "a").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("number", "next_step"),
    [(errno.ENOSPC, "Free space"), (errno.EPERM, "hard links"), (errno.EIO, "Look at the disk")],
)
@pytest.mark.parametrize("call", ["fsync", "link"])
def test_a_failing_disk_is_reported_and_leaves_no_object(
    folder: FolderStore, monkeypatch: pytest.MonkeyPatch, call: str, number: int, next_step: str
) -> None:
    folder.create("before", b"")

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(StoreError, match=f"{next_step}.*key=data"):
            folder.create("data", b"x")

    assert keys_of(folder) == ["before"]
    assert folder.sweep_unfinished(LATER) == 0

    folder.create("data", b"x")
    assert content_of(folder, "data") == b"x"


def test_a_file_in_the_folders_place_is_reported(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StoreError, match="folder of backups fails"):
        FolderStore(tmp_path / "store").create("a", b"x")


def test_a_listing_that_cant_see_everything_is_an_error(
    folder: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep that misses a manifest would take its objects for unused."""
    folder.create("clinics/a/manifests/1.jsonl", b"")
    whole = os.scandir

    def refuse(path: Any) -> Any:
        if str(path).endswith("manifests"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return whole(path)

    monkeypatch.setattr(os, "scandir", refuse)

    with pytest.raises(StoreError, match="Give the process the right"):
        keys_of(folder, "clinics/")
