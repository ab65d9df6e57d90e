"""Refuses to delete content types."""

from typing import Any, NoReturn

from django.contrib.contenttypes.management.commands import remove_stale_contenttypes
from django.core.management.base import CommandError


class Command(remove_stale_contenttypes.Command):
    """Takes the options of Django's command. Exit status 1, always."""

    help = "Refused here: only migrations write content types."

    def handle(self, *args: Any, **options: Any) -> NoReturn:
        raise CommandError(
            "Content types have the same ids in every clinic of a shard: only migrations write"
            " and remove them."
        )
