"""Django's changepassword, for the platform's staff. A clinic's people have their admin for it."""

from typing import Any

from django.contrib.auth.management.commands import changepassword

from tenants.context import platform_scope


class Command(changepassword.Command):
    """Changes the password of somebody in the directory."""

    def handle(self, *args: Any, **options: Any) -> str | None:
        with platform_scope():
            return super().handle(*args, **options)
