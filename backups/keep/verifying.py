"""Reading a backup whole, and checking that it is what was written."""

from contextlib import nullcontext
from uuid import UUID

from backups.errors import UNSOUND, DocumentsDamaged, ManifestRefused, NoSuchBackup
from backups.format.catalogue import Catalogue
from backups.format.objects import verify_stored
from backups.installation import Installation
from backups.models import Run
from backups.progress import BytesProgress, silent
from backups.runs import recorded
from backups.snapshot.directory_record import clinic_in_directory
from backups.stores.layout import documents_prefix
from tenants.context import platform_scope


def backup_verify(
    installation: Installation,
    *,
    clinic_id: UUID,
    backup_id: UUID,
    progress: BytesProgress = silent,
) -> int:
    """Check that the store has everything that restores this backup; returns the bytes read.

    Checks signatures, the chain, and the bytes of every object, without any key. A damaged document
    doesn't end it: all are read, and the next full writes the damaged ones again. Raises
    NoSuchBackup, ChainBroken, StoreError, CutShort, Altered and their like, DocumentsDamaged.
    """
    catalogue = installation.catalogue(clinic_id)
    _refuse_unknown(catalogue, backup_id)

    chain, read = catalogue.chain(backup_id), 0
    items = {item.key: item for signed in chain for item in signed.manifest.stored_objects}
    documents, clinic = documents_prefix(clinic_id), clinic_in_directory(str(clinic_id))

    kept = recorded(clinic, Run.Kind.VERIFY, backup_id) if clinic else nullcontext(Run())
    with platform_scope(), kept as run:
        for key, item in items.items():
            try:
                verify_stored(installation.store, item)
            except UNSOUND:
                if not key.startswith(documents):
                    raise
                run.damaged.append(key)
            read += item.stored.length
            progress(key, read)

        run.size = read
        if run.damaged:
            raise DocumentsDamaged(documents=len(run.damaged), first=run.damaged[0])

    return read


def _refuse_unknown(catalogue: Catalogue, backup_id: UUID) -> None:
    """Raises ManifestRefused or NoSuchBackup unless the catalogue has the backup."""
    if backup_id in {signed.manifest.backup_id for signed in catalogue}:
        return

    for refused in catalogue.refused:
        if str(backup_id) in refused.key:
            raise ManifestRefused(refused.key, refused.reason)
    raise NoSuchBackup(backup=backup_id)
