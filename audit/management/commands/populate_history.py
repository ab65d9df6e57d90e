"""Refuses to write histories by hand."""

from typing import Any, NoReturn

from django.core.management.base import CommandError
from simple_history.management.commands import populate_history


class Command(populate_history.Command):  # type: ignore[misc]
    """Takes the options of django-simple-history's command. Exit status 1, always."""

    help = "Refused here: the database itself writes histories."

    def handle(self, *args: Any, **options: Any) -> NoReturn:
        raise CommandError("The database itself writes histories: there is nothing to add.")
