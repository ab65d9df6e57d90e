"""Remove backups that are past the retention."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backups.management.progress import named_clinics
from backups.services import backup_prune
from fisioflow.actor import acting_as_job
from fisioflow.errors import FisioFlowError


class Command(BaseCommand):
    """Exit status 1 when a clinic's backups couldn't be pruned."""

    requires_system_checks = []  # they load every view: 40 MB
    help = "Removes what is older than BACKUP_RETENTION_DAYS and needed by nothing that stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("clinic", nargs="?", help="Only this clinic, by schema name.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be removed.")
        parser.add_argument("--json", action="store_true", help="One JSON object a line.")

    def handle(self, *args: Any, **options: Any) -> None:
        failed, dry_run = [], options["dry_run"]
        for clinic in named_clinics([options["clinic"]] if options["clinic"] else []):
            try:
                with acting_as_job("prune_backups"):
                    plan = backup_prune(clinic=clinic, dry_run=dry_run)
            except FisioFlowError as error:
                failed.append(clinic.schema_name)
                self.stderr.write(f"{clinic.schema_name}: {error}")
                continue
            gone = [str(signed.manifest.backup_id) for signed in plan.delete]
            kept = {str(backup_id): reason.value for backup_id, reason in plan.kept.items()}
            if options["json"]:
                said = {"clinic": clinic.schema_name, "removed": gone, "kept": kept}
                self.stdout.write(json.dumps(said | {"dry_run": dry_run}))
            else:
                verb = "would be removed" if dry_run else "removed"
                self.stdout.write(
                    f"{clinic.schema_name}: {len(gone)} {verb}, {len(kept)} stay"
                    + "".join(f"\n  {backup_id}" for backup_id in gone)
                )
        if failed:
            raise CommandError(f"Failed: {', '.join(failed)}.")
