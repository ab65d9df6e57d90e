"""Create a clinic with its domain, its schema, its owner and its exercises, or nothing at all."""

import os
import secrets
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Role
from accounts.services import user_create
from core.actor import acting_as_job
from core.errors import FisioFlowError
from exercises.services import library_load
from tenants.context import ClinicRoute, platform_scope
from tenants.models import STATES, Clinic
from tenants.services import clinic_create


class Command(BaseCommand):
    """Exit status 1 and nothing created if anything fails."""

    help = "Creates a clinic from its shard's template. OWNER_PASSWORD sets the owner's password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("schema_name", help="2 to 49 of a-z, 0-9 and _, e.g. norte.")
        parser.add_argument("--name", required=True, help='What people call it: "Clínica Norte".')
        parser.add_argument("--domain", required=True, help="Its host name: norte.localhost.")

        parser.add_argument("--owner-email", required=True)
        parser.add_argument("--owner-name", default="", help="Default: the e-mail's first part.")

        parser.add_argument("--shard", help="Default: by rendezvous hashing over open shards.")
        parser.add_argument("--plan", choices=Clinic.Plan.values, default=Clinic.Plan.STARTER)
        parser.add_argument("--time-zone", default="America/Sao_Paulo")
        parser.add_argument("--state", choices=STATES, default="", help="For its holidays: SP.")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["owner_email"]
        password = os.environ.get("OWNER_PASSWORD") or secrets.token_urlsafe(12)

        def add_owner_and_exercises(_: ClinicRoute) -> None:
            user_create(
                acting_user=None,
                email=email,
                full_name=options["owner_name"] or email.partition("@")[0],
                role=Role.OWNER,
                password=password,
            )
            library_load(acting_user=None)

        started = perf_counter()
        try:
            with platform_scope(), acting_as_job("create_clinic"):
                clinic = clinic_create(
                    acting_user=None,
                    schema_name=options["schema_name"],
                    name=options["name"],
                    domain=options["domain"],
                    shard=options["shard"],
                    plan=options["plan"],
                    time_zone=options["time_zone"],
                    state=options["state"],
                    populate=add_owner_and_exercises,
                )
        except FisioFlowError as error:
            raise CommandError(str(error)) from error

        self.stdout.write(
            f"{clinic.schema_name} created on {clinic.shard_id}"
            f" in {(perf_counter() - started) * 1000:.0f} ms."
        )
        if "OWNER_PASSWORD" not in os.environ:
            self.stdout.write(f"Owner: {email}, password (shown once): {password}")
