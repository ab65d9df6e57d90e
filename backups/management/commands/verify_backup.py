"""Read one backup whole, and check that it is what was written."""

import json
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from backups.installation import Installation
from backups.keep.verifying import backup_verify
from backups.management.command import BackupCommand, backup_id
from backups.management.terminal import size_text, terminal_progress, terminal_steps
from backups.models import Run
from backups.restore.drills import drill_run
from backups.snapshot.directory_record import clinic_in_directory, has_directory
from core.actor import acting_as_job
from tenants.context import platform_scope
from tenants.models import Clinic


class Command(BackupCommand):
    """Exit status 1 when anything isn't as it was written."""

    help = "Checks signatures, the chain and the bytes of every object that restores this backup."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=backup_id, help="The backup's id.")
        parser.add_argument(
            "--clinic", help="Its clinic, schema name or id, if the directory doesn't know the run."
        )
        parser.add_argument(
            "--deep", action="store_true", help="Restore it aside as well, and compare every row."
        )
        parser.add_argument("--json", action="store_true", help="One JSON object.")

    def work(self, options: dict[str, Any]) -> None:
        installation, backup = Installation(), options["backup"]
        clinic_id, name, clinic = self._clinic(installation, options)
        if options["deep"] and clinic is None:
            raise CommandError("--deep is for a clinic of the directory. Restore this one first.")

        read = backup_verify(
            installation,
            clinic_id=clinic_id,
            backup_id=backup,
            progress=terminal_progress(str(backup)),
        )
        if clinic and options["deep"]:
            with acting_as_job("drill"):
                drill_run(
                    installation,
                    clinic=clinic,
                    backup_id=backup,
                    progress=terminal_steps("drill"),
                )

        said = {"backup": str(backup), "clinic": name, "bytes": read, "restored": options["deep"]}
        restores = " It restores, and is what was backed up." if options["deep"] else ""
        text = f"{backup} is whole: its chain, its signatures, {size_text(read)}.{restores}"
        self.stdout.write(json.dumps(said) if options["json"] else text)

    def _clinic(
        self, installation: Installation, options: dict[str, Any]
    ) -> tuple[UUID, str, Clinic | None]:
        """The clinic's id, what to call it, and its row, if the directory has one."""
        if named := options["clinic"]:
            clinic = clinic_in_directory(named)
            if clinic is None:
                return installation.clinic_in_store(named), named, None
            return clinic.id, clinic.schema_name, clinic

        run = None
        if has_directory():
            with platform_scope():
                runs = Run.objects.filter(backup_id=options["backup"])
                run = runs.select_related("clinic__shard").first()

        if run is None:
            raise CommandError("No run here made it: name its clinic with --clinic.")
        return run.clinic.id, run.clinic.schema_name, run.clinic
