"""List backups, as the store itself has them."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from backups.errors import ChainBroken
from backups.format.catalogue import Catalogue, clinics_in_store
from backups.installation import Installation
from backups.management.command import BackupCommand, PartlyFailed
from backups.management.terminal import size_text
from backups.runs import proven_backups
from backups.snapshot.directory_record import clinic_in_directory, has_directory
from tenants.context import platform_scope
from tenants.models import Clinic


class Command(BackupCommand):
    """Exit status 1 when a manifest was refused, a chain is broken, or the store fails."""

    help = "Lists the backups in the store: id, kind, time, size, chain, whether proven."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("clinic", nargs="?", help="Only this clinic: schema name or id.")
        parser.add_argument("--json", action="store_true", help="One JSON object per line.")

    def work(self, options: dict[str, Any]) -> None:
        installation, wrong = Installation(), 0

        for clinic_id, name in _clinics(installation, options["clinic"]):
            for row in _rows(installation, clinic_id, name):
                wrong += bool(row["problem"])
                self.stdout.write(json.dumps(row) if options["json"] else _line(row))

        if wrong:
            raise PartlyFailed(f"{wrong} of them can't be restored.")


def _clinics(installation: Installation, named: str | None) -> Iterator[tuple[UUID, str]]:
    """The named clinic, or all clinics in the store, even if the directory doesn't know them."""
    if named:
        known = clinic_in_directory(named)
        yield (
            known.id if known else installation.clinic_in_store(named),
            known.schema_name if known else "",
        )
        return

    names: dict[UUID, str] = {}
    if has_directory():
        with platform_scope():
            names = dict(Clinic.objects.values_list("id", "schema_name"))

    found = clinics_in_store(installation.store)
    for clinic_id in sorted(found, key=lambda clinic_id: names.get(clinic_id, "")):
        yield clinic_id, names.get(clinic_id, "")


def _rows(installation: Installation, clinic_id: UUID, name: str) -> Iterator[dict[str, Any]]:
    catalogue, proven = installation.catalogue(clinic_id), proven_backups(clinic_id)

    for signed in catalogue:
        manifest = signed.manifest
        yield {
            "clinic": name or manifest.schema_name,
            "backup": str(manifest.backup_id),
            "kind": manifest.kind.value,
            "created_at": manifest.created_at.isoformat(),
            "bytes": sum(item.stored.length for item in manifest.objects),
            "documents": len(manifest.documents),
            "problem": _problem(catalogue, manifest.backup_id),
            "proven": manifest.backup_id in proven,
        }

    for refused in catalogue.refused:
        backup = refused.key.rsplit("/", 1)[-1].removesuffix(".jsonl")
        yield {"clinic": name or str(clinic_id), "backup": backup, "problem": refused.reason}


def _problem(catalogue: Catalogue, backup_id: Any) -> str:
    try:
        catalogue.chain(backup_id)
    except ChainBroken as broken:
        return broken.reason
    return ""


def _line(row: dict[str, Any]) -> str:
    if "kind" not in row:
        return f"{row['clinic']} {row['backup']} refused: {row['problem']}"

    state = row["problem"] or ("proven" if row["proven"] else "chain ok")
    when = row["created_at"][:19].replace("T", " ")
    size = size_text(row["bytes"])
    return f"{row['clinic']} {row['backup']} {row['kind']:<9} {when}Z {size:>9}  {state}"
