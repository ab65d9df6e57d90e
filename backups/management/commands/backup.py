"""Back up one clinic, or all."""

import json
from functools import partial
from typing import Any

from django.core.management.base import CommandParser

from backups.errors import BackupRunning
from backups.installation import Installation
from backups.management.command import FAILURES, BackupCommand, PartlyFailed, failure_of
from backups.management.terminal import (
    end_progress,
    estimated_size,
    named_clinics,
    size_text,
    terminal_progress,
)
from backups.take.making import backup_make
from core.actor import acting_as_job
from tenants.models import Clinic


class Command(BackupCommand):
    """Exit status 0: all done; 1: a clinic failed; 3: another run is backing up one of them."""

    help = "Makes a full backup, or with --incremental one of what changed since the last."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("clinic", nargs="?", help="The clinic's schema name, e.g. norte.")
        which.add_argument("--all", action="store_true", help="Every active clinic.")
        parser.add_argument(
            "--incremental", action="store_true", help="Only what changed since the last backup."
        )
        parser.add_argument("--json", action="store_true", help="One JSON object per line.")

    def work(self, options: dict[str, Any]) -> None:
        clinics = named_clinics([] if options["all"] else [options["clinic"]])
        failed: list[str] = []
        running: list[str] = []

        for clinic in clinics:
            try:
                said = self._back_up(clinic, incremental=options["incremental"])
            except FAILURES as error:
                (running if isinstance(error, BackupRunning) else failed).append(clinic.schema_name)
                said = {"clinic": clinic.schema_name} | failure_of(error)
            finally:
                end_progress()
            self._say(said, as_json=options["json"])

        if failed:
            raise PartlyFailed(f"Failed: {', '.join(failed)}. Fix the cause and run it again.")
        if running:
            raise PartlyFailed(f"Under way already: {', '.join(running)}.", returncode=3)

    def _back_up(self, clinic: Clinic, *, incremental: bool) -> dict[str, Any]:
        with acting_as_job("backup"):
            made = backup_make(
                Installation(),
                clinic=clinic,
                incremental=incremental,
                progress=terminal_progress(
                    clinic.schema_name, None if incremental else partial(estimated_size, clinic)
                ),
            )

        return {
            "clinic": clinic.schema_name,
            "backup": str(made.signed.manifest.backup_id) if made.signed else None,
            "kind": made.kind,
            "bytes": made.size,
            "covers_until": made.covers_until.isoformat(),
            "because": made.because,
        }

    def _say(self, said: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(said))
        elif "error" in said:
            self.stderr.write(f"{said['clinic']}: {said['message']}")
        elif said["backup"] is None:
            self.stdout.write(f"{said['clinic']}: nothing changed until {said['covers_until']}")
        else:
            because = f" (no increment: {said['because']})" if said["because"] else ""
            text = f"{said['kind']} {said['backup']}, {size_text(said['bytes'])}{because}"
            self.stdout.write(f"{said['clinic']}: {text}")
