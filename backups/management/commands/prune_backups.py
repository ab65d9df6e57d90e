"""Remove backups that are past the retention."""

import json
from typing import Any

from django.core.management.base import CommandParser

from backups.installation import Installation
from backups.keep.pruning import backup_prune
from backups.management.command import FAILURES, BackupCommand, PartlyFailed, failure_of
from backups.management.terminal import named_clinics
from core.actor import acting_as_job
from tenants.models import Clinic


class Command(BackupCommand):
    """Exit status 1 when a clinic's backups couldn't be pruned."""

    help = "Removes what is older than BACKUP_RETENTION_DAYS and needed by nothing that stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "clinic", nargs="?", help="By schema name. Default: every clinic, closed ones too."
        )
        parser.add_argument("--dry-run", action="store_true", help="Print what would be removed.")
        parser.add_argument("--json", action="store_true", help="One JSON object per line.")

    def work(self, options: dict[str, Any]) -> None:
        failed = []
        named = [options["clinic"]] if options["clinic"] else []

        for clinic in named_clinics(named, closed=True):
            try:
                said, text = self._prune(clinic, dry_run=options["dry_run"])
            except FAILURES as error:
                failed.append(clinic.schema_name)
                said = {"clinic": clinic.schema_name} | failure_of(error)
                text = f"{clinic.schema_name}: {said['message']}"

            out = self.stderr if "error" in said and not options["json"] else self.stdout
            out.write(json.dumps(said) if options["json"] else text)

        if failed:
            raise PartlyFailed(f"Failed: {', '.join(failed)}.")

    def _prune(self, clinic: Clinic, *, dry_run: bool) -> tuple[dict[str, Any], str]:
        with acting_as_job("prune_backups"):
            plan = backup_prune(Installation(), clinic=clinic, dry_run=dry_run)

        schema = clinic.schema_name
        gone = [str(signed.manifest.backup_id) for signed in plan.delete]
        kept = {str(backup_id): reason.value for backup_id, reason in plan.kept.items()}
        said = {"clinic": schema, "removed": gone, "kept": kept, "dry_run": dry_run}

        verb = "would be removed" if dry_run else "removed"
        text = f"{schema}: {len(gone)} {verb}, {len(kept)} stay"
        return said, text + "".join(f"\n  {backup_id}" for backup_id in gone)
