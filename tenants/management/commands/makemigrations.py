"""Django's makemigrations; a shard's history is that of its template schema."""

from typing import Any

from django.core.management.commands import makemigrations

from tenants.context import TEMPLATE_SCHEMA, maintenance_scope


class Command(makemigrations.Command):
    """Compares with the templates, because a shard without a schema has no history."""

    def handle(self, *app_labels: Any, **options: Any) -> Any:
        with maintenance_scope(TEMPLATE_SCHEMA):
            return super().handle(*app_labels, **options)
