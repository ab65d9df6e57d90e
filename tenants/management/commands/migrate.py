"""Django's migrate, only for the directory: `migrate_clinics` migrates the clinics' schemas."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import transaction

from core.actor import acting_as_job
from tenants.context import DIRECTORY, platform_scope
from tenants.errors import MigrationsUnknown
from tenants.fleet import announce_tables, refuse_unknown_migrations
from tenants.postgresql.owner import as_owner


class Command(migrate.Command):
    """Refuses a shard, where Django would record migrations as applied without making a table."""

    def handle(self, *args: Any, **options: Any) -> Any:
        if options["database"] != DIRECTORY:
            raise CommandError("A shard's clinics are migrated by: manage.py migrate_clinics")
        with as_owner(DIRECTORY), platform_scope(), acting_as_job("migrate"):
            try:
                refuse_unknown_migrations(DIRECTORY)
            except MigrationsUnknown as error:
                raise CommandError(str(error)) from error
            return super().handle(*args, **options)

    def migration_progress_callback(self, action: str, *args: Any, **kwargs: Any) -> None:
        """Brings triggers and grants up to date after each migration."""
        super().migration_progress_callback(action, *args, **kwargs)
        if action == "apply_success":
            with transaction.atomic(using=DIRECTORY):
                announce_tables(DIRECTORY, "public")
