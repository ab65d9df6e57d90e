"""The promises of every store: objects are whole or absent, and never overwritten."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from backups.errors import ObjectExists, ObjectMissing, StoreError
from backups.format.objects import digest_of, read_plain, verify_stored, write_plain
from backups.store_readme import write_readme
from backups.stores import FolderStore, Store
from tests.backups.conftest import content_of, keys_of

pytestmark = pytest.mark.without_database
MEBI = 1024 * 1024


@pytest.mark.parametrize("size", [0, 1, 8 * MEBI - 1, 8 * MEBI, 20 * MEBI + 7])
def test_an_object_is_read_as_it_was_written(store: Store, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    with store.writing("clinics/a/data") as writer:
        for start in range(0, size, 3 * MEBI):
            writer.write(content[start : start + 3 * MEBI])
    assert store.size("clinics/a/data") == size
    assert content_of(store, "clinics/a/data") == content


@pytest.mark.parametrize("size", [10, 20 * MEBI])
def test_an_upload_that_fails_leaves_nothing(store: Store, size: int) -> None:
    with pytest.raises(ZeroDivisionError):
        with store.writing("clinics/a/data") as writer:
            writer.write(b"x" * size)
            raise ZeroDivisionError
    assert store.size("clinics/a/data") is None
    assert keys_of(store) == []
    assert store.sweep_unfinished(datetime.now(UTC) + timedelta(days=1)) == 0


def test_an_object_is_never_overwritten(store: Store) -> None:
    store.create("a", b"first")
    with pytest.raises(ObjectExists):
        store.create("a", b"second")
    assert content_of(store, "a") == b"first"


# rclone knows no conditions; moto looks and writes in two steps, so there uploads take turns.
@pytest.mark.parametrize("store", ["folder", "moto"], indirect=True)
@pytest.mark.parametrize("size", [5, 9 * MEBI])
def test_the_second_of_two_uploads_loses(store: Store, size: int) -> None:
    first, second = store.begin("mark"), store.begin("mark")
    second.write(b"2" * size)
    first.write(b"1" * size)
    second.commit()

    with pytest.raises(ObjectExists):
        first.commit()

    first.abandon()
    assert content_of(store, "mark") == b"2" * size
    assert store.sweep_unfinished(datetime.now(UTC) + timedelta(days=1)) == 0


def test_one_of_several_simultaneous_writers_wins(folder: FolderStore) -> None:
    together = threading.Barrier(8)

    def create(letter: bytes) -> bytes | None:
        upload = folder.begin("mark")
        upload.write(letter * 100_000)
        together.wait(timeout=30)

        try:
            upload.commit()
        except ObjectExists:
            upload.abandon()
            return None

        return letter

    with ThreadPoolExecutor(8) as pool:
        letters = [bytes([letter]) for letter in b"abcdefgh"]
        (winner,) = [letter for letter in pool.map(create, letters) if letter]

    assert content_of(folder, "mark") == winner * 100_000
    assert folder.sweep_unfinished(datetime.now(UTC) + timedelta(days=1)) == 0


def test_a_listing_has_keys_sizes_and_times(store: Store) -> None:
    for key in ("b/2", "b/1", "c", "ba"):
        store.create(key, b"x" * len(key))
    listed = list(store.listed("b/"))

    assert [(item.key, item.size) for item in listed] == [("b/1", 3), ("b/2", 3)]
    assert all(abs(datetime.now(UTC) - item.modified) < timedelta(hours=1) for item in listed)
    assert keys_of(store) == ["b/1", "b/2", "ba", "c"]
    assert keys_of(store, "b") == ["b/1", "b/2", "ba"]
    assert keys_of(store, "nothing/") == []


def test_deleting_twice_is_no_error(store: Store) -> None:
    store.create("a/b", b"x")
    store.delete("a/b")
    store.delete("a/b")
    assert store.size("a/b") is None
    store.create("a/b", b"again")


def test_a_missing_object_is_reported(store: Store) -> None:
    with pytest.raises(ObjectMissing, match=r"no such object.*key=a/b"):
        with store.reading("a/b"):
            pass
    assert store.size("a/b") is None


@pytest.mark.parametrize("key", ["../a", "a/../b", "/etc/passwd", "", "a//b", ".unfinished/a", "ç"])
def test_a_key_cant_lead_out_of_the_store(store: Store, key: str) -> None:
    for use in (store.begin, store.size, store.delete, lambda key: store.reading(key).__enter__()):
        with pytest.raises(StoreError, match="no key"):
            use(key)


def test_the_error_is_one_line_with_the_next_step() -> None:
    text = str(StoreError("a", "The disk is full.", "Free space."))
    assert text == "The disk is full. Free space. (key=a)"


def test_plain_objects_are_written_once_and_checked(store: Store) -> None:
    item = write_plain(store, "ddl/ab/rules.sql", b"CREATE")
    assert write_plain(store, "ddl/ab/rules.sql", b"CREATE") == item
    assert item.stored == digest_of(b"CREATE")
    assert read_plain(store, item) == b"CREATE"
    verify_stored(store, item)


def test_the_readme_is_written_once(store: Store) -> None:
    write_readme(store)
    write_readme(store)
    assert keys_of(store) == ["README.md", "increments.sql", "restore.sh"]
    assert b"age -d -i" in content_of(store, "README.md")
