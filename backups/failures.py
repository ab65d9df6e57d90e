"""Failures of a server, in one line."""

from collections.abc import Iterator
from contextlib import contextmanager

import django.db
import psycopg

from backups.errors import ServerFailed
from core.errors import FisioFlowError


@contextmanager
def server_failures() -> Iterator[None]:
    """A failure of PostgreSQL as ServerFailed. Its own message may quote rows, and is left out."""
    try:
        yield
    except (psycopg.Error, django.db.Error) as error:
        if isinstance(error, FisioFlowError | django.db.IntegrityError):  # these say it themselves
            raise
        cause = error if isinstance(error, psycopg.Error) else error.__cause__
        state = getattr(cause, "sqlstate", None) or ""
        raise ServerFailed(failure=f"{type(error).__name__} {state}".strip()) from error
