"""Prove that backups restore: build each aside, compare, and drop it again."""

import json
from typing import Any

from django.core.management.base import CommandParser

from backups.installation import Installation
from backups.management.command import FAILURES, BackupCommand, PartlyFailed, failure_of
from backups.management.terminal import end_progress, named_clinics, terminal_steps
from backups.restore.drills import drill_run
from core.actor import acting_as_job


class Command(BackupCommand):
    """Exit status 1 when a clinic's latest backup doesn't restore."""

    help = "Restores the latest backup of a clinic aside, compares every row, and removes it again."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("clinic", nargs="?", help="The clinic's schema name, e.g. norte.")
        which.add_argument("--all", action="store_true", help="Every active clinic.")
        parser.add_argument("--json", action="store_true", help="One JSON object per line.")

    def work(self, options: dict[str, Any]) -> None:
        failed = []

        for clinic in named_clinics([] if options["all"] else [options["clinic"]]):
            schema = clinic.schema_name
            try:
                with acting_as_job("drill"):
                    run = drill_run(Installation(), clinic=clinic, progress=terminal_steps(schema))
            except FAILURES as error:
                failed.append(schema)
                said: dict[str, Any] = {"clinic": schema} | failure_of(error)
                text = f"{schema}: {said['message']}"
            else:
                said = {"clinic": schema, "backup": str(run.backup_id), "bytes": run.size}
                text = f"{schema}: {run.backup_id} restores, and is what was backed up."
            finally:
                end_progress()

            out = self.stderr if "error" in said and not options["json"] else self.stdout
            out.write(json.dumps(said) if options["json"] else text)

        if failed:
            raise PartlyFailed(f"Doesn't restore: {', '.join(failed)}. Make a full backup at once.")
