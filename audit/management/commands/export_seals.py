"""Write a clinic's audit trail into a folder that proves itself with no database."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.seals.sealed_export import VERIFIER, seals_export
from audit.seals.trail_schemas import trail_schemas
from core.actor import acting_as_job
from core.errors import FisioFlowError
from tenants.errors import ClinicClosed


class Command(BaseCommand):
    """Exit status 1 when the export could not be written. The folder holds clinical records."""

    help = "Exports a clinic's sealed audit trail, with the program that verifies it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("clinic", help="The clinic's schema name (public: the directory).")
        parser.add_argument("-o", "--output", required=True, type=Path, help="A new folder.")
        parser.add_argument("--reason", default="", help="Why, for the trail.")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["output"]

        try:
            [schema] = trail_schemas([options["clinic"]])
            if not schema.is_open:
                raise ClinicClosed(schema=schema.name)
            with schema.scope(), acting_as_job("export_seals", reason=options["reason"]):
                head = seals_export(alias=schema.alias, folder=folder)
        except (FisioFlowError, OSError) as error:
            raise CommandError(str(error)) from error

        self.stdout.write(f"head {head}\nVerify with: python {folder / VERIFIER} {folder}")
