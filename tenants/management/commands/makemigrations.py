"""Django's makemigrations, without its check of every database's history: a shard has none."""

from typing import Any

from django.core.management.commands import makemigrations

from tenants.context import SERVER_SCHEMA, maintenance_scope


class Command(makemigrations.Command):
    """`migrate_clinics` checks the history of each schema before it migrates it."""

    def handle(self, *app_labels: Any, **options: Any) -> Any:
        with maintenance_scope(SERVER_SCHEMA):
            return super().handle(*app_labels, **options)
