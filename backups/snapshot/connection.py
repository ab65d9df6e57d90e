"""Connections to a clinic's server, beside Django's, and the server's failures in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django.db
import psycopg
from django.conf import settings
from django.db import connections

from backups.errors import ServerFailed
from core.errors import FisioFlowError
from tenants.errors import ShardUnavailable


@contextmanager
def connected(shard: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of its own, by Django's address, as the application's role.

    Raises ShardUnavailable.
    """
    django_connection: Any = connections[shard]
    params = django_connection.get_connection_params()
    for name in ("cursor_factory", "context", "pool"):
        params.pop(name, None)

    try:
        opened = psycopg.connect(**params, autocommit=True)
    except psycopg.OperationalError as error:
        raise ShardUnavailable(shard=shard) from error

    with opened as connection:
        connection.execute("SELECT set_config('role', %s, false)", [settings.APP_ROLE])
        yield connection


@contextmanager
def server_failures() -> Iterator[None]:
    """Turn a failure of PostgreSQL into ServerFailed, without its message, which may quote rows."""
    try:
        yield
    except (psycopg.Error, django.db.Error) as error:
        if isinstance(error, FisioFlowError | django.db.IntegrityError):  # these explain themselves
            raise

        cause = error if isinstance(error, psycopg.Error) else error.__cause__
        state = getattr(cause, "sqlstate", None) or ""
        raise ServerFailed(failure=f"{type(error).__name__} {state}".strip()) from error
