"""Seal what is new in the audit trail, now."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.seals.sealing import seal_create
from audit.seals.trail_schemas import trail_schemas
from core.actor import acting_as_job
from core.errors import FisioFlowError


class Command(BaseCommand):
    """Prints each new head, to be kept elsewhere. Exit status 1 when a clinic failed."""

    help = "Seals what is new in the audit trails of these clinics (public: the directory's)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("clinics", nargs="*", help="Schema names, e.g. norte.")
        parser.add_argument("--all", action="store_true", help="Every clinic and the directory.")

    def handle(self, *args: Any, **options: Any) -> None:
        names = options["clinics"]
        if bool(names) == options["all"]:
            raise CommandError("Name clinics, or give --all.")

        failed = 0
        try:
            chosen = trail_schemas(names)
        except FisioFlowError as error:
            raise CommandError(str(error)) from error

        for schema in chosen:
            try:
                with schema.scope(), acting_as_job("seal_audit"):
                    made = seal_create(alias=schema.alias)
            except FisioFlowError as error:
                self.stderr.write(f"{schema.name}: {error}")
                failed += 1
                continue

            if made:
                text = f"seal {made.number}, {made.rows} rows, head {made.hash}"
            self.stdout.write(f"{schema.name}: {text if made else 'nothing new'}")

        if failed:
            raise CommandError(f"{failed} of {len(chosen)} failed.")
