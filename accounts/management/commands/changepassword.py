"""Django's changepassword, for the platform's staff. A clinic's people have their admin for it."""

import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from accounts.models import User
from accounts.services import password_change
from tenants.context import platform_scope

_TRIES = 3


class Command(changepassword.Command):
    """Takes the options of Django's command, and writes through the service, which records it."""

    def handle(self, *args: Any, **options: Any) -> str:
        email = options["username"] or getpass.getuser()
        with platform_scope():
            person = User.objects.filter(email=email).first()
            if person is None:
                raise CommandError(f"user '{email}' does not exist")

            self.stdout.write(f"Changing password for user '{person}'")
            password = self._ask(person)
            password_change(acting_user=None, user=person, password=password)

        return f"Password changed successfully for user '{person}'"

    def _ask(self, person: User) -> str:
        """A new password, typed twice. Raises CommandError when none of three tries will do."""
        for _ in range(_TRIES):
            password = getpass.getpass(prompt="Password: ")
            if not password:
                raise CommandError("aborted")
            if password != getpass.getpass(prompt="Password (again): "):
                self.stdout.write("Passwords do not match. Please try again.")
                continue

            try:
                validate_password(password, person)
            except ValidationError as refused:
                self.stderr.write("\n".join(refused.messages))
            else:
                return password

        raise CommandError(f"Aborted: user '{person}' keeps the password, after {_TRIES} attempts.")
