"""Django's clearsessions, for the platform's staff. Clinics' sessions are swept every night."""

from typing import Any

from django.contrib.sessions.management.commands import clearsessions

from tenants.context import platform_scope


class Command(clearsessions.Command):
    """Deletes expired sessions of the directory (`accounts.tasks` sweeps the clinics)."""

    def handle(self, *args: Any, **options: Any) -> None:
        with platform_scope():
            super().handle(**options)
