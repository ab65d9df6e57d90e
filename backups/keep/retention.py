"""Which backups may go, which stay and why, and removing them.

The caller holds the clinic's backup lock: a backup under way counts on documents that are in the
store already.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from backups.errors import SweepRefused
from backups.format.catalogue import Catalogue, read_catalogue
from backups.format.manifests import Signed
from backups.stores import Store, StoredObject
from backups.stores.layout import data_prefix, documents_prefix

SPARED = timedelta(hours=24)  # a younger object may belong to a backup under way


class Reason(StrEnum):
    """Why a backup stays. The first reason that holds is given."""

    RECENT = "it is within the retention"
    LAST_PROVEN = "it is the last one that was proven by a restore"
    LATEST = "it is the newest one that can be restored"
    NEEDED = "a backup that stays is restored through it"


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """What to delete, in that order, and why each of the others stays."""

    delete: tuple[Signed, ...]
    kept: dict[UUID, Reason]


def plan_retention(
    catalogue: Catalogue, *, proven: Collection[UUID], now: datetime, keep: timedelta
) -> RetentionPlan:
    """Decide for every backup of the catalogue; `proven` are the ids that a drill restored.

    Increments go before what they stand on, so that an interrupted deletion breaks no chain. The
    plan leaves out refused manifests: people look at them first.
    """
    kept = {
        signed.manifest.backup_id: Reason.RECENT
        for signed in catalogue
        if signed.manifest.created_at > now - keep
    }

    if last_proven := catalogue.latest(proven):
        kept.setdefault(last_proven.manifest.backup_id, Reason.LAST_PROVEN)
    if latest := catalogue.latest():
        kept.setdefault(latest.manifest.backup_id, Reason.LATEST)
    for backup_id in _below(catalogue, list(kept)):
        kept.setdefault(backup_id, Reason.NEEDED)

    rest = [signed for signed in catalogue if signed.manifest.backup_id not in kept]
    return RetentionPlan(delete=tuple(reversed(rest)), kept=kept)


def delete_backup(store: Store, signed: Signed) -> None:
    """Remove the manifest, and then what only it refers to. Documents are left to the sweep.

    Raises StoreError; called again, it goes on where it stopped.
    """
    manifest = signed.manifest
    store.delete(manifest.key)
    for item in store.listed(data_prefix(manifest.clinic_id, manifest.backup_id)):
        store.delete(item.key)


def sweep(
    store: Store, clinic_id: UUID, *, trusted: Collection[str], now: datetime
) -> list[StoredObject]:
    """Remove and return the objects older than SPARED that no manifest of the clinic refers to.

    Dead backups left them, or they are documents of backups that are gone. Definitions (ddl/) stay:
    they are small, and clinics share them.

    Raises StoreError, and SweepRefused when a manifest can't be read.
    """
    # Listed before the manifests are read, so that what is committed in between counts as needed.
    prefixes = (data_prefix(clinic_id), documents_prefix(clinic_id))
    listed = [item for prefix in prefixes for item in store.listed(prefix)]

    catalogue = read_catalogue(store, clinic_id, trusted)
    swept = unreferenced(catalogue, listed, now=now)

    for item in swept:
        store.delete(item.key)

    store.sweep_unfinished(now - SPARED)
    return swept


def unreferenced(
    catalogue: Catalogue, listed: Iterable[StoredObject], *, now: datetime
) -> list[StoredObject]:
    """The objects older than SPARED that no manifest refers to.

    Raises SweepRefused when a manifest was refused: with a wrong list of trusted keys, every object
    would seem to be unused.
    """
    if catalogue.refused:
        raise SweepRefused(manifest=catalogue.refused[0].key, reason=catalogue.refused[0].reason)

    needed = {item.key for signed in catalogue for item in signed.manifest.stored_objects}
    return [item for item in listed if item.key not in needed and item.modified < now - SPARED]


def _below(catalogue: Catalogue, ids: Iterable[UUID]) -> set[UUID]:
    """The backups that these stand on, as far as they exist."""
    parents = {
        signed.manifest.backup_id: signed.manifest.parent.backup_id
        for signed in catalogue
        if signed.manifest.parent
    }
    known = {signed.manifest.backup_id for signed in catalogue}

    found: set[UUID] = set()
    for backup_id in ids:
        below = parents.get(backup_id)
        while below in known and below not in found:
            found.add(below)
            below = parents.get(below)

    return found
