"""Refuses to empty the directory."""

from typing import Any, NoReturn

from django.core.management.base import CommandError
from django.core.management.commands import flush


class Command(flush.Command):
    """Takes the options of Django's command. Exit status 1, always."""

    help = "Refused here: the directory and the clinics are never emptied."

    def handle(self, *args: Any, **options: Any) -> NoReturn:
        raise CommandError(
            "The directory and the clinics are never emptied. In development, run: make reset."
        )
