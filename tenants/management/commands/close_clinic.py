"""Close a clinic (its records stay), or reopen it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.actor import acting_as_job
from core.errors import FisioFlowError
from tenants.context import platform_scope
from tenants.services import clinic_close, clinic_reopen


class Command(BaseCommand):
    """Exit status 1 when there is no such clinic or its shard doesn't answer."""

    help = "Closes a clinic: data is kept, sign-in and API are refused. --reopen undoes it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("schema_name", help="The clinic's schema name, e.g. norte.")
        parser.add_argument("--reopen", action="store_true", help="Open it again.")

    def handle(self, *args: Any, **options: Any) -> None:
        change = clinic_reopen if options["reopen"] else clinic_close
        try:
            with platform_scope(), acting_as_job("close_clinic"):
                clinic = change(acting_user=None, schema_name=options["schema_name"])
        except FisioFlowError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{clinic.schema_name} is {clinic.status} now.")
