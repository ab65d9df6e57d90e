"""Copy FisioFlow's own exercises into a clinic's library."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.actor import acting_as_job
from core.errors import FisioFlowError
from exercises.services import library_load
from tenants.context import clinic_scope
from tenants.directory import route_by_schema


class Command(BaseCommand):
    """Safe to run twice. Exit status 1 when there is no such clinic."""

    help = (
        "Adds the exercises of the library that the clinic doesn't have yet. Those that the clinic"
        " renamed, changed or deleted stay as they are."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("schema_name", help="The clinic's schema name, e.g. norte.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with (
                acting_as_job("load_exercises"),
                clinic_scope(route_by_schema(options["schema_name"])),
            ):
                count = library_load(acting_user=None)
        except FisioFlowError as error:
            raise CommandError(error.detail) from error

        self.stdout.write(f"{count} exercises added to {options['schema_name']}")
