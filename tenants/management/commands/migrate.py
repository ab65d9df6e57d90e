"""Django's migrate, for the directory alone. The clinics' schemas have `migrate_clinics`."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate

from tenants.context import DIRECTORY, platform_scope


class Command(migrate.Command):
    """On a shard it would record migrations as applied and make no table: it refuses."""

    def handle(self, *args: Any, **options: Any) -> Any:
        if options["database"] != DIRECTORY:
            raise CommandError("A shard's clinics are migrated by: manage.py migrate_clinics")
        with platform_scope():
            return super().handle(*args, **options)
