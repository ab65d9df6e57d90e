"""Undo the last restore of a clinic."""

import json
from typing import Any

from django.core.management.base import CommandParser

from backups.management.command import BackupCommand
from backups.management.terminal import named_clinics
from backups.restore.recovery import recover
from backups.restore.undo import restore_undo
from core.actor import acting_as_job


class Command(BackupCommand):
    """Exit status 1 when there is nothing to undo, or people wrote since."""

    help = "Swaps back what the last restore replaced; or frees a clinic whose restore died."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("clinic", help="The clinic's schema name, e.g. norte.")
        parser.add_argument(
            "--discard", action="store_true", help="Also when people wrote since the restore."
        )
        parser.add_argument("--json", action="store_true", help="One JSON object.")

    def work(self, options: dict[str, Any]) -> None:
        (clinic,) = named_clinics([options["clinic"]])

        with acting_as_job("undo_restore"):
            if clinic.schema_name in recover(clinic.shard_id):
                self._say(options, "A restore that died is undone: writes are allowed again.")
                return

            point = restore_undo(route=clinic.route, discard=options["discard"])
        self._say(options, "The restore is undone.", point.schema)

    def _say(self, options: dict[str, Any], text: str, point: str = "") -> None:
        said = {"clinic": options["clinic"], "done": text, "restore_point": point}
        more = f" What it had restored is kept as {point} for a week." if point else ""
        self.stdout.write(json.dumps(said) if options["json"] else text + more)
