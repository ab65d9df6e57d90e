"""A clinic's backups as the store has them, and which of them can be restored."""

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backups.errors import (
    ChainBroken,
    ManifestRefused,
    NoSuchBackup,
    ObjectMissing,
)
from backups.format.manifests import Manifest, Signed, read_manifest
from backups.stores import Store
from backups.stores.layout import manifests_prefix

_AT_ONCE = 8  # manifests read at the same time: a month has some 9,000


@dataclass(frozen=True, slots=True)
class Refused:
    """A file among the manifests that can't be trusted, and why."""

    key: str
    reason: str


class Catalogue:
    """The backups of one clinic, oldest first, and the manifests that were refused."""

    def __init__(self, backups: Sequence[Signed], refused: Sequence[Refused] = ()) -> None:
        self.backups = tuple(sorted(backups, key=_age))
        self.refused = tuple(refused)
        self._by_id = {signed.manifest.backup_id: signed for signed in self.backups}

    def __iter__(self) -> Iterator[Signed]:
        return iter(self.backups)

    def chain(self, backup_id: UUID) -> tuple[Signed, ...]:
        """The full and the increments that restore this backup, in the order of applying them.

        Raises ChainBroken, which says what doesn't fit.
        """
        if backup_id not in self._by_id:
            raise ChainBroken(backup_id, "there is no such backup.")

        links = [self._by_id[backup_id]]
        while (parent := links[-1].manifest.parent) is not None:
            below = self._by_id.get(parent.backup_id)
            if below is None:
                raise ChainBroken(backup_id, f"{parent.backup_id} is missing.")
            if reason := _misfit(below, links[-1].manifest):
                raise ChainBroken(backup_id, f"{links[-1].manifest.backup_id} {reason}")
            links.append(below)  # ends, because a parent's hash is inside its child

        return tuple(reversed(links))

    def latest(self, among: Collection[UUID] | None = None) -> Signed | None:
        """The newest backup (of those `among`) that can be restored, alone or with its chain."""
        for signed in reversed(self.backups):
            if among is not None and signed.manifest.backup_id not in among:
                continue
            try:
                return self.chain(signed.manifest.backup_id)[-1]
            except ChainBroken:
                continue
        return None


def read_catalogue(store: Store, clinic_id: UUID, trusted: Collection[str]) -> Catalogue:
    """Every manifest of the clinic in the store. Raises StoreError.

    A manifest that can't be trusted goes to `refused`, and hides no other.
    """
    prefix = manifests_prefix(clinic_id)

    def read(key: str) -> Signed | Refused | None:
        name = key.removeprefix(prefix)
        try:
            backup_id = UUID(name.removesuffix(".jsonl"))
            if name != f"{backup_id}.jsonl":
                raise ValueError(name)
            return read_manifest(store, clinic_id, backup_id, trusted)
        except ValueError:
            return Refused(key, "its name is no backup's.")
        except ManifestRefused as error:
            return Refused(key, error.reason)
        except ObjectMissing:  # pruned since it was listed
            return None

    with ThreadPoolExecutor(_AT_ONCE, "manifests") as readers:
        found = list(readers.map(read, [item.key for item in store.listed(prefix)]))

    return Catalogue(
        [item for item in found if isinstance(item, Signed)],
        [item for item in found if isinstance(item, Refused)],
    )


def _age(signed: Signed) -> tuple[datetime, UUID]:
    """The order, by the database server's clock: ids follow the clocks of other machines."""
    return signed.manifest.created_at, signed.manifest.backup_id


def _misfit(below: Signed, manifest: Manifest) -> str:
    """Why the manifest doesn't continue the one below it; empty when it does."""
    older = below.manifest

    if manifest.parent != below.as_parent:
        return "was made on another backup of its parent's id."
    if manifest.snapshots.start != older.snapshots.end:
        return "begins at another snapshot than the one where its parent ends."
    for name in ("clinic_id", "schema_name", "origin", "ddl_fingerprint", "migration_digest"):
        if getattr(manifest, name) != getattr(older, name):
            return f"has another {name} than its parent."
    return ""


def clinics_in_store(store: Store) -> list[UUID]:
    """The clinics that the store has backups of. Lists all objects of all clinics."""
    found = {item.key.split("/")[1] for item in store.listed("clinics/")}
    return sorted(
        UUID(clinic)
        for clinic in found
        if next(iter(store.listed(manifests_prefix(UUID(clinic)))), None)
    )


def clinic_in_store(store: Store, named: str, trusted: Collection[str]) -> UUID:
    """A clinic that the directory doesn't know: by its id, or by its schema's name in the store.

    Raises NoSuchBackup.
    """
    with suppress(ValueError):
        return UUID(named)

    for clinic_id in clinics_in_store(store):
        latest = read_catalogue(store, clinic_id, trusted).latest()
        if latest and latest.manifest.schema_name == named:
            return clinic_id

    raise NoSuchBackup(clinic=named)
