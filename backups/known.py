"""What the backups before are good for: which chain goes on, and which files the store has."""

from uuid import UUID

from backups.catalogue import read_catalogue
from backups.configuration import recipients_named, trusted_keys
from backups.errors import ManifestRefused, ObjectMissing
from backups.increments import why_not_continued
from backups.manifests import Document, Manifest, Signed, read_manifest
from backups.models import Run
from backups.source import Source
from backups.stores import Store
from tenants.context import ClinicRoute


def continued(
    store: Store, route: ClinicRoute, source: Source, last: Signed | None
) -> tuple[Manifest | None, str]:
    """The full of the chain that an increment continues; or why none can, for people."""
    if last is None:
        return None, "there is no backup yet"
    if because := why_not_continued(route, source, last):
        return None, because
    if last.manifest.recipients != recipients_named():
        return None, "the recipients were changed"
    if last.manifest.since is None:
        return last.manifest, ""
    full = _read(store, last.manifest.clinic_id, last.manifest.since.full)
    return (full.manifest, "") if full else (None, "the full backup below is gone")


def known_documents(store: Store, clinic_id: UUID, last: Signed | None) -> dict[str, Document]:
    """The files that the last backup and those below it have for today's recipients, by name.

    `last`: None where the directory knows of none; then the newest of the store is meant.
    """
    known: dict[str, Document] = {}
    signed = last or read_catalogue(store, clinic_id, trusted_keys()).latest()
    while signed:
        if signed.manifest.recipients == recipients_named():
            known = {document.name: document for document in signed.manifest.documents} | known
        parent = signed.manifest.parent
        signed = _read(store, clinic_id, parent.backup_id) if parent else None
    return known


def damaged_documents(clinic_id: UUID) -> set[str]:
    """The keys of the objects that a drill or a verification found damaged."""
    runs = Run.objects.filter(clinic_id=clinic_id).exclude(damaged=[])
    return {key for keys in runs.values_list("damaged", flat=True) for key in keys}


def _read(store: Store, clinic_id: UUID, backup_id: UUID) -> Signed | None:
    try:
        return read_manifest(store, clinic_id, backup_id, trusted_keys())
    except (ManifestRefused, ObjectMissing):
        return None
