"""List backups, as the store itself has them."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from backups.catalogue import Catalogue
from backups.configuration import configured_store
from backups.elsewhere import clinic_in_store, clinics_in_store
from backups.errors import ChainBroken
from backups.facts import clinic_known, has_directory
from backups.management.command import BackupCommand, Summary
from backups.management.progress import size_text
from backups.services import backup_catalogue, backup_proven
from tenants.context import platform_scope
from tenants.models import Clinic


class Command(BackupCommand):
    """Exit status 1 when a manifest was refused, a chain is broken, or the store fails."""

    help = "Lists the backups in the store: id, kind, time, size, chain, whether proven."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("clinic", nargs="?", help="Only this clinic: schema name or id.")
        parser.add_argument("--json", action="store_true", help="One JSON object a line.")

    def work(self, options: dict[str, Any]) -> None:
        wrong = 0
        for clinic_id, name in _clinics(options["clinic"]):
            for row in _rows(clinic_id, name):
                wrong += bool(row["problem"])
                self.stdout.write(json.dumps(row) if options["json"] else _line(row))
        if wrong:
            raise Summary(f"{wrong} of them can't be restored.")


def _clinics(named: str | None) -> Iterator[tuple[UUID, str]]:
    """The named clinic, or all in the store, also those that the directory doesn't know."""
    if named:
        known = clinic_known(named)
        yield (
            known.id if known else clinic_in_store(configured_store(), named),
            known.schema_name if known else "",
        )
        return
    names: dict[UUID, str] = {}
    if has_directory():
        with platform_scope():
            names = dict(Clinic.objects.values_list("id", "schema_name"))
    found = clinics_in_store(configured_store())
    for clinic_id in sorted(found, key=lambda clinic_id: names.get(clinic_id, "")):
        yield clinic_id, names.get(clinic_id, "")


def _rows(clinic_id: UUID, name: str) -> Iterator[dict[str, Any]]:
    catalogue, proven = backup_catalogue(clinic_id=clinic_id), backup_proven(clinic_id=clinic_id)
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
