"""Act as a person of a clinic, to see what they see. It is recorded, with the reason."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.impersonation import SECONDS, impersonation_begin, staff_by_email
from audit.events.access_refused import refusal_record
from core.actor import acting_as_job
from core.errors import FisioFlowError
from tenants.context import clinic_scope
from tenants.directory import route_by_schema


class Command(BaseCommand):
    """Prints an access token. Exit status 1, and no token, when it is refused."""

    help = "Prints an access token with which a member of the platform's staff acts as a person."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("schema_name", help="The clinic's schema name, e.g. norte.")
        parser.add_argument("email", help="E-mail of the person to act as.")
        parser.add_argument("--operator", required=True, help="Your e-mail, as platform staff.")
        parser.add_argument("--reason", default="", help="Why; the clinic reads it in its trail.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            route = route_by_schema(options["schema_name"])
            with acting_as_job("impersonate"), clinic_scope(route):
                token = self._begin(options)
        except FisioFlowError as error:
            raise CommandError(str(error)) from error
        self.stderr.write(f"This token is good for {SECONDS} seconds, and can't be refreshed:")
        self.stdout.write(token)

    @staticmethod
    def _begin(options: dict[str, Any]) -> str:
        try:
            return impersonation_begin(
                acting_user=staff_by_email(options["operator"]),
                email=options["email"],
                reason=options["reason"],
            )
        except FisioFlowError as refusal:
            if refusal.refuses_access:
                refusal_record(details={"code": refusal.code, "task": "impersonate"})
            raise
