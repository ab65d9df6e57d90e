"""The store itself knows which backups exist, and which can be restored."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from backups.errors import ChainBroken
from backups.format.catalogue import Catalogue, read_catalogue
from backups.format.manifests import Manifest, Parent, Signed, SnapshotRange, write_manifest
from backups.stores import FolderStore, Store
from backups.stores.layout import data_key, manifests_prefix
from core.ids import uuid7
from tests.backups.conftest import (
    NORTE,
    SUL,
    Keyring,
    increment_of,
    manifest_of,
)

pytestmark = pytest.mark.without_database
Write = Callable[[Manifest], Signed]


@pytest.fixture
def chain(written: Write) -> list[Signed]:
    """A full of norte and three increments."""
    signed = [written(manifest_of())]
    for _ in range(3):
        signed.append(written(increment_of(signed[-1])))
    return signed


def ids(backups: Iterable[Signed]) -> list[UUID]:
    return [signed.manifest.backup_id for signed in backups]


def test_every_store_lists_its_backups(store: Store, ours: Keyring) -> None:
    full = write_manifest(store, manifest_of(), ours.signing)
    child = write_manifest(store, increment_of(full), ours.signing)
    write_manifest(store, manifest_of(SUL), ours.signing)
    catalogue = read_catalogue(store, NORTE, ours.trusted)

    assert catalogue.backups == (full, child)
    assert catalogue.refused == ()
    assert catalogue.chain(child.manifest.backup_id) == (full, child)
    assert catalogue.latest() == child


def test_without_a_manifest_there_is_no_backup(folder: FolderStore, ours: Keyring) -> None:
    folder.create(data_key(NORTE, uuid7(), "data.sql"), b"a backup that died")
    catalogue = read_catalogue(folder, NORTE, ours.trusted)
    assert (catalogue.backups, catalogue.latest()) == ((), None)


def test_a_refused_manifest_is_reported_and_hides_no_other(
    folder: FolderStore, ours: Keyring, strangers: Keyring, chain: list[Signed]
) -> None:
    planted = write_manifest(folder, manifest_of(), strangers.signing).manifest
    for name in ("notes.txt", f"{uuid7().hex}.jsonl"):
        folder.create(f"{manifests_prefix(NORTE)}{name}", b"")
    catalogue = read_catalogue(folder, NORTE, ours.trusted)

    assert catalogue.backups == tuple(chain)
    assert {item.key for item in catalogue.refused} >= {planted.key}
    assert len(catalogue.refused) == 3
    assert catalogue.latest() == chain[-1]


def test_a_chain_is_a_full_and_its_increments_in_order(chain: list[Signed]) -> None:
    catalogue = Catalogue([chain[2], chain[0], chain[3], chain[1]])
    assert list(catalogue) == chain
    for length, signed in enumerate(chain, start=1):
        assert catalogue.chain(signed.manifest.backup_id) == tuple(chain[:length])


def test_two_increments_of_one_parent_are_two_chains(chain: list[Signed], written: Write) -> None:
    other = written(
        increment_of(chain[1], snapshots=SnapshotRange(start="200:200:", end="250:250:"))
    )
    catalogue = Catalogue([*chain, other])
    assert catalogue.chain(chain[-1].manifest.backup_id) == tuple(chain)
    assert catalogue.chain(other.manifest.backup_id) == (*chain[:2], other)


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_missing_link_breaks_the_backups_above_it(chain: list[Signed], missing: int) -> None:
    catalogue = Catalogue([signed for signed in chain if signed is not chain[missing]])
    gone = chain[missing].manifest.backup_id

    for signed in chain[missing + 1 :]:
        with pytest.raises(ChainBroken, match=f"{gone} is missing"):
            catalogue.chain(signed.manifest.backup_id)

    assert catalogue.latest() == (chain[missing - 1] if missing else None)
    with pytest.raises(ChainBroken, match="no such backup"):
        catalogue.chain(gone)


def changed_origin(name: str, value: Any) -> Callable[[Manifest], dict[str, Any]]:
    return lambda parent: {"origin": replace(parent.origin, **{name: value})}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            lambda _: {"snapshots": SnapshotRange(start="150:150:", end="300:300:")},
            "another snapshot",
        ),
        (changed_origin("timeline", 2), "another origin"),
        (changed_origin("system_identifier", "1"), "another origin"),
        (changed_origin("shard", "shard_2"), "another origin"),
        (changed_origin("incarnation", "2"), "another origin"),
        (lambda _: {"ddl_fingerprint": "cd" * 32}, "another ddl_fingerprint"),
        (lambda _: {"migration_digest": "f01"}, "another migration_digest"),
        (lambda _: {"schema_name": "norte_novo"}, "another schema_name"),
        (
            lambda full: {"parent": Parent(backup_id=full.backup_id, manifest_sha256="00" * 32)},
            "another backup of its parent's id",
        ),
    ],
)
def test_an_increment_that_doesnt_fit_its_parent_breaks_the_chain(
    written: Write, changes: Callable[[Manifest], dict[str, Any]], why: str
) -> None:
    full = written(manifest_of())
    child = written(increment_of(full, **changes(full.manifest)))
    grandchild = written(increment_of(child))
    catalogue = Catalogue([full, child, grandchild])

    for signed in (child, grandchild):
        with pytest.raises(ChainBroken, match=f"{child.manifest.backup_id} .*{why}"):
            catalogue.chain(signed.manifest.backup_id)

    assert catalogue.latest() == full
