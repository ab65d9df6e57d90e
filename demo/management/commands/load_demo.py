"""Load the demo: two clinics and a sign-in for every role. Loading it twice changes nothing."""

import os
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import CLINIC_ADMIN_ROLES
from core.actor import acting_as_job
from core.env import env_text
from core.errors import FisioFlowError
from demo.clinics import (
    CLINICS,
    SIGN_INS,
    STAFF_EMAIL,
    State,
    demo_clinic_load,
    password_in_force,
    refuse_among_others,
    staff_exists,
    staff_load,
    state_of,
)

DEFAULT_PASSWORD = "fisioflow-demo"  # noqa: S105  public on purpose: the README prints it
_LEFT_ALONE = {
    State.LOADED: "is there already",
    State.CLOSED: "is closed: left as it is",
    State.FOREIGN: "exists and isn't the demo's: left as it is",
}


class Command(BaseCommand):
    """Each clinic is created whole or not at all. Exit status 1 if one fails or all are refused."""

    help = (
        "Creates the clinics norte and sul with people, patients, a month of appointments, the"
        " exercise library, prescriptions and logs, and a sign-in for every role. Leaves what is"
        f" there already as it is. DEMO_PASSWORD sets the password (default: {DEFAULT_PASSWORD})."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--force",
            action="store_true",
            help="Load it even beside clinics that aren't the demo's.",
        )
        parser.add_argument(
            "--print-sign-ins",
            action="store_true",
            help="Load nothing; print the addresses and sign-ins, with the port in PORT.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        password = env_text("DEMO_PASSWORD", DEFAULT_PASSWORD)
        if options["print_sign_ins"]:
            self.stdout.write(_sign_ins(password))
            return

        try:
            with acting_as_job("load_demo"):
                self._load(password, force=options["force"])
        except FisioFlowError as error:
            raise CommandError(str(error)) from error

    def _load(self, password: str, *, force: bool) -> None:
        states = {demo: state_of(demo) for demo in CLINICS}
        has_staff = staff_exists()
        if not force and not (has_staff and State.MISSING not in states.values()):
            refuse_among_others(states)

        for demo, state in states.items():
            if state is State.MISSING:
                started = perf_counter()
                demo_clinic_load(demo=demo, password=password)
                self.stdout.write(f"{demo.schema}: created in {perf_counter() - started:.1f} s")
            else:
                self.stdout.write(f"{demo.schema}: {_LEFT_ALONE[state]}")

        if not has_staff:
            staff_load(password=password)


def _sign_ins(password: str) -> str:
    port = os.environ.get("PORT") or "8000"
    rows = [("Platform", f"http://localhost:{port}/admin/", STAFF_EMAIL)]
    for demo in CLINICS:
        base = f"http://{demo.host}:{port}"
        for local_part, role in SIGN_INS.items():
            page = "/admin/" if role in CLINIC_ADMIN_ROLES else "/api/v1/docs"
            rows.append((demo.name, f"{base}{page}", demo.email(local_part)))

    lines = [f"  {where:<15}{address:<42}{email}" for where, address, email in rows]
    shown = password if password_in_force(password) else "as it was set (not DEMO_PASSWORD)"
    return "\n".join([*lines, "", f"  Password of all: {shown}"])
