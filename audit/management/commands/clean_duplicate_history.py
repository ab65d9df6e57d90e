"""Refuses to delete versions that look alike from histories."""

from typing import Any, NoReturn

from django.core.management.base import CommandError
from simple_history.management.commands import clean_duplicate_history


class Command(clean_duplicate_history.Command):  # type: ignore[misc]
    """Takes the options of django-simple-history's command. Exit status 1, always."""

    help = "Refused here: histories are never thinned out: they are the clinic's audit trail."

    def handle(self, *args: Any, **options: Any) -> NoReturn:
        raise CommandError("Histories are never thinned out: they are the clinic's audit trail.")
