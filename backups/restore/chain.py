"""Which backups restore a clinic to a moment."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Literal
from uuid import UUID

from backups.errors import ManifestRefused, NoSuchBackup, NotCovered
from backups.format.catalogue import Catalogue
from backups.format.manifests import BackupKind, DocumentCopy, Signed
from backups.installation import Installation

Latest = Literal["latest"]
_NONE: Mapping[UUID, datetime] = MappingProxyType({})


def chain_to(
    installation: Installation,
    clinic_id: UUID,
    backup: UUID | Latest,
    until: datetime | None = None,
    *,
    covered: Mapping[UUID, datetime] = _NONE,
) -> tuple[Signed, ...]:
    """The backups to restore, oldest first.

    With `until`, the newest backups that reach this moment, whatever `backup` is; `covered` says up
    to which moment nothing changed after a backup. Raises NoSuchBackup, NotCovered, ChainBroken,
    and ManifestRefused where no backup is to be trusted.
    """
    catalogue = installation.catalogue(clinic_id)
    if catalogue.refused and not catalogue.backups:
        raise ManifestRefused(catalogue.refused[0].key, catalogue.refused[0].reason)

    if until is not None:
        return _chain_until(catalogue, until, covered)
    if backup != "latest":
        return catalogue.chain(backup)

    latest = catalogue.latest()
    if latest is None:
        raise NoSuchBackup(clinic=clinic_id)
    return catalogue.chain(latest.manifest.backup_id)


def documents_of(chain: tuple[Signed, ...]) -> Iterator[DocumentCopy]:
    """The files that the backups of the chain list."""
    for signed in chain:
        yield from signed.manifest.documents


def _chain_until(
    catalogue: Catalogue, until: datetime, covered: Mapping[UUID, datetime]
) -> tuple[Signed, ...]:
    """The newest full taken until then, and the increments up to the first that ends later.

    And one more: a commit gets its time before others see it, so it may be in the next increment.
    """
    fulls = [
        signed
        for signed in catalogue
        if signed.manifest.kind is BackupKind.FULL and signed.manifest.created_at <= until
    ]
    if not fulls:
        raise NoSuchBackup(
            "No full backup is that old. Choose a later moment: manage.py backups lists them."
        )

    continued = {
        signed.manifest.parent.backup_id: signed for signed in catalogue if signed.manifest.parent
    }
    last, reached = fulls[-1].manifest, False
    while not reached and (above := continued.get(last.backup_id)) is not None:
        reached = last.created_at >= until
        last = above.manifest

    if (end := max(last.created_at, covered.get(last.backup_id, last.created_at))) < until:
        raise NotCovered(end=end.isoformat())
    return catalogue.chain(last.backup_id)
