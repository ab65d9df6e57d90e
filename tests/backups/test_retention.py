"""What may go, what stays and why; and nothing that is needed goes."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backups.errors import StoreError, SweepRefused
from backups.format.catalogue import Catalogue, read_catalogue
from backups.format.keys import Recipient
from backups.format.manifests import DocumentCopy, Manifest, Signed, write_manifest
from backups.format.sealing import seal
from backups.keep.retention import Reason, delete_backup, plan_retention, sweep, unreferenced
from backups.stores import FolderStore, Store, StoredObject
from backups.stores.layout import data_key, document_key
from core.ids import uuid7
from tests.backups.conftest import (
    NORTE,
    NOW,
    SUL,
    Keyring,
    increment_of,
    keys_of,
    manifest_of,
)

pytestmark = pytest.mark.without_database
Write = Callable[[Manifest], Signed]
KEEP = timedelta(days=30)
WRITER = uuid7()  # the backup that wrote the documents
RECENT, PROVEN, LATEST, NEEDED = Reason


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


# Backups as `name: age in days`, or `name: age < parent`; which are proven; what stays, and why.
CASES: dict[str, tuple[dict[str, Any], set[str], dict[str, Reason]]] = {
    "nothing": ({}, set(), {}),
    "within the retention": ({"a": 29, "b": 1}, set(), {"a": RECENT, "b": RECENT}),
    "on its edge": ({"a": 30.001, "b": 29.999}, set(), {"b": RECENT}),
    "old ones go": ({"a": 50, "b": 40, "c": 1}, {"c"}, {"c": RECENT}),
    "the only one stays": ({"a": 400}, set(), {"a": LATEST}),
    "the newest stays when backups stopped": ({"a": 400, "b": 390}, set(), {"b": LATEST}),
    "a kept increment keeps its full": (
        {"f": 31, "i": (30.5, "f"), "j": (29, "i"), "g": 1},
        set(),
        {"f": NEEDED, "i": NEEDED, "j": RECENT, "g": RECENT},
    ),
    "a full without a live increment goes": (
        {"f": 40, "i": (39, "f"), "g": 1},
        set(),
        {"g": RECENT},
    ),
    "the last proven one stays": (
        {"a": 90, "b": 60, "c": 45, "d": 1},
        {"a", "b"},
        {"b": PROVEN, "d": RECENT},
    ),
    "a proven increment keeps what it stands on": (
        {"f": 90, "i": (89, "f"), "j": (88, "i"), "d": 1},
        {"i"},
        {"f": NEEDED, "i": PROVEN, "d": RECENT},
    ),
    "what was proven and is broken now doesn't count": (
        {"f": 90, "x": (89, "gone"), "d": 1},
        {"f", "x"},
        {"f": PROVEN, "d": RECENT},
    ),
    "a broken one within the retention stays to be looked at": (
        {"x": (5, "gone"), "f": 60},
        set(),
        {"x": RECENT, "f": LATEST},
    ),
    "a clock that was ahead": ({"a": 90, "b": -2}, set(), {"b": RECENT}),
}
Make = Callable[[dict[str, Any]], dict[str, Signed]]


@pytest.fixture
def made(folder: FolderStore, ours: Keyring) -> Make:
    """The case's backups, written to the folder, by name."""

    def make(ages: dict[str, Any]) -> dict[str, Signed]:
        nobody = write_manifest(FolderStore(folder.root / "else"), manifest_of(), ours.signing)
        found: dict[str, Signed] = {}

        for name, age in ages.items():
            if isinstance(age, tuple):
                parent = found.get(age[1], nobody)
                manifest = increment_of(parent, created_at=days_ago(age[0]))
            else:
                manifest = manifest_of(created_at=days_ago(age))
            found[name] = write_manifest(folder, manifest, ours.signing)

        return found

    return make


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_plan_of_each_case(case: Any, made: Make) -> None:
    ages, proven, stays = case
    backups = made(ages)
    catalogue = Catalogue(list(backups.values()))
    plan = plan_retention(catalogue, proven=ids(backups, proven), now=NOW, keep=KEEP)
    named = {signed.manifest.backup_id: name for name, signed in backups.items()}
    assert {named[backup_id]: reason for backup_id, reason in plan.kept.items()} == stays
    assert {named[signed.manifest.backup_id] for signed in plan.delete} == set(ages) - set(stays)


def ids(backups: dict[str, Signed], names: Iterable[str]) -> set[Any]:
    return {backups[name].manifest.backup_id for name in names}


def test_after_every_single_deletion_the_rest_can_be_restored(made: Make) -> None:
    """Wherever the deletion is interrupted, no increment is left without its full."""
    backups = made({"f": 90, "i": (89, "f"), "j": (88, "i"), "g": 50, "h": (49, "g"), "n": 1})
    plan = plan_retention(Catalogue(list(backups.values())), proven=set(), now=NOW, keep=KEEP)
    left = list(backups.values())

    for signed in plan.delete:
        left.remove(signed)
        catalogue = Catalogue(left)
        for other in left:
            catalogue.chain(other.manifest.backup_id)


# --- Deleting and sweeping ---------------------------------------------------------------------


def back_up(
    store: Store, ours: Keyring, *, files: Iterable[bytes] = (), created_at: datetime = NOW
) -> Signed:
    """Make a full of norte with rows, and with documents, sealed where they are missing."""
    manifest = manifest_of(created_at=created_at)
    key = data_key(NORTE, manifest.backup_id, "data.sql")
    objects = (seal(store, key, [b"BEGIN;\nCOMMIT;\n"], ours.recipients),)
    documents = tuple(document(store, content, ours.recipients) for content in files)
    complete = replace(manifest, objects=objects, documents=documents)

    return write_manifest(store, complete, ours.signing)


_sealed: dict[tuple[int, bytes], DocumentCopy] = {}


def document(store: Store, content: bytes, recipients: list[Recipient]) -> DocumentCopy:
    known = (id(store), content)
    if known not in _sealed:
        item = seal(store, document_key(NORTE, content.hex(), WRITER), [content], recipients)
        _sealed[known] = DocumentCopy(name=content.decode(), file=item)
    return _sealed[known]


def test_the_manifest_goes_first_and_its_objects_follow(store: Store, ours: Keyring) -> None:
    gone, stays = back_up(store, ours, files=[b"laudo"]), back_up(store, ours, files=[b"laudo"])
    delete_backup(store, gone)
    delete_backup(store, gone)  # again, as after an interruption
    assert read_catalogue(store, NORTE, ours.trusted).backups == (stays,)
    assert sorted(keys_of(store)) == sorted(
        [stays.manifest.key, *(item.key for item in stays.manifest.stored_objects)]
    )


def test_a_deletion_that_stops_halfway_leaves_no_half_backup(
    folder: FolderStore, ours: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = back_up(folder, ours)
    whole_delete = FolderStore.delete

    def once(store: FolderStore, key: str) -> None:
        if "/data/" in key:
            raise StoreError(key, "The store is gone.", "Wait.")
        whole_delete(store, key)

    monkeypatch.setattr(FolderStore, "delete", once)

    with pytest.raises(StoreError):
        delete_backup(folder, signed)

    monkeypatch.undo()
    assert list(read_catalogue(folder, NORTE, ours.trusted)) == []

    swept = sweep(folder, NORTE, trusted=ours.trusted, now=datetime.now(UTC) + timedelta(days=2))
    assert [item.key for item in swept] == [signed.manifest.objects[0].key]
    assert keys_of(folder) == []


def test_the_sweep_removes_old_unreferenced_objects(store: Store, ours: Keyring) -> None:
    gone, stays = back_up(store, ours, files=[b"a", b"b"]), back_up(store, ours, files=[b"b"])
    delete_backup(store, gone)
    died = data_key(NORTE, manifest_of().backup_id, "data.sql")
    seal(store, died, [b"half"], ours.recipients)
    suls = document_key(SUL, "ab", WRITER)
    seal(store, suls, [b"x"], ours.recipients)
    soon, later = (datetime.now(UTC) + timedelta(hours=hours) for hours in (23, 25))

    assert sweep(store, NORTE, trusted=ours.trusted, now=soon) == []

    swept = sweep(store, NORTE, trusted=ours.trusted, now=later)
    assert {item.key for item in swept} == {died, document_key(NORTE, b"a".hex(), WRITER)}
    assert suls in keys_of(store)
    assert all(store.size(item.key) for item in stays.manifest.stored_objects)


def test_nothing_is_swept_when_a_manifest_cant_be_read(
    folder: FolderStore, ours: Keyring, strangers: Keyring
) -> None:
    """With a wrong list of trusted keys every object would look unused."""
    back_up(folder, ours, files=[b"laudo2"])
    before = keys_of(folder)
    later = datetime.now(UTC) + timedelta(days=99)

    with pytest.raises(SweepRefused, match="BACKUP_TRUSTED_KEYS"):
        sweep(folder, NORTE, trusted=strangers.trusted, now=later)
    assert keys_of(folder) == before


def test_young_objects_are_spared_to_the_second() -> None:
    def aged(age: timedelta) -> StoredObject:
        return StoredObject("clinics/x/data/y", 1, NOW - age)

    day, second = timedelta(hours=24), timedelta(seconds=1)
    listed = [aged(day), aged(day + second)]
    assert unreferenced(Catalogue([]), listed, now=NOW) == listed[1:]
