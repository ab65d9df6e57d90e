"""List backups, as the store itself has them."""

import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backups.catalogue import Catalogue
from backups.errors import ChainBroken
from backups.management.progress import named_clinics, size_text
from backups.services import backup_catalogue, backup_proven
from fisioflow.errors import FisioFlowError
from tenants.models import Clinic


class Command(BaseCommand):
    """Exit status 1 when a manifest was refused, a chain is broken, or the store fails."""

    help = "Lists the backups in the store: id, kind, time, size, chain, whether proven."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("clinic", nargs="?", help="Only this clinic, by schema name.")
        parser.add_argument("--json", action="store_true", help="One JSON object a line.")

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = 0
        for clinic in named_clinics([options["clinic"]] if options["clinic"] else []):
            try:
                rows = list(_rows(clinic))
            except FisioFlowError as error:
                raise CommandError(f"{clinic.schema_name}: {error}") from error
            for row in rows:
                wrong += bool(row["problem"])
                self.stdout.write(json.dumps(row) if options["json"] else _line(row))
        if wrong:
            raise CommandError(f"{wrong} of them can't be restored.")


def _rows(clinic: Clinic) -> Iterator[dict[str, Any]]:
    catalogue, proven = backup_catalogue(clinic=clinic), backup_proven(clinic=clinic)
    for signed in catalogue:
        manifest = signed.manifest
        yield {
            "clinic": clinic.schema_name,
            "backup": str(manifest.backup_id),
            "kind": manifest.kind.value,
            "created_at": manifest.created_at.isoformat(),
            "bytes": sum(item.stored.length for item in manifest.objects),
            "documents": len(manifest.documents),
            "problem": _problem(catalogue, manifest.backup_id),
            "proven": manifest.backup_id in proven,
        }
    for refused in catalogue.refused:
        name = refused.key.rsplit("/", 1)[-1].removesuffix(".jsonl")
        yield {"clinic": clinic.schema_name, "backup": name, "problem": refused.reason}


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
