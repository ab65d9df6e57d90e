"""Read one backup whole, and see that it is what was written."""

import json
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backups.drills import drill_run
from backups.management.progress import (
    end_progress,
    named_clinics,
    size_text,
    terminal_progress,
    terminal_steps,
)
from backups.models import Run
from backups.services import backup_verify
from fisioflow.actor import acting_as_job
from fisioflow.errors import FisioFlowError
from tenants.context import platform_scope
from tenants.models import Clinic


class Command(BaseCommand):
    """Exit status 1 when anything isn't as it was written."""

    requires_system_checks = []  # they load every view: 40 MB
    help = "Checks signatures, the chain and the bytes of every object that restores this backup."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=UUID, help="The backup's id.")
        parser.add_argument("--clinic", help="Its clinic, if the directory doesn't know the run.")
        parser.add_argument(
            "--deep", action="store_true", help="Restore it aside as well, and compare every row."
        )
        parser.add_argument("--json", action="store_true", help="One JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        backup_id, clinic = options["backup"], self._clinic(options)
        try:
            read = backup_verify(
                clinic=clinic, backup_id=backup_id, progress=terminal_progress(str(backup_id))
            )
            if options["deep"]:
                with acting_as_job("drill"):
                    drill_run(clinic=clinic, backup_id=backup_id, progress=terminal_steps("drill"))
        except FisioFlowError as error:
            raise CommandError(str(error)) from error
        finally:
            end_progress()
        said = {
            "backup": str(backup_id),
            "clinic": clinic.schema_name,
            "bytes": read,
            "restored": options["deep"],
        }
        restores = " It restores, and is what was backed up." if options["deep"] else ""
        text = f"{backup_id} is whole: its chain, its signatures, {size_text(read)}.{restores}"
        self.stdout.write(json.dumps(said) if options["json"] else text)

    def _clinic(self, options: dict[str, Any]) -> Clinic:
        if options["clinic"]:
            return named_clinics([options["clinic"]])[0]
        with platform_scope():
            runs = Run.objects.filter(backup_id=options["backup"]).select_related("clinic__shard")
            run = runs.first()
        if run is None:
            raise CommandError("No run here made it: name its clinic with --clinic.")
        return run.clinic
