"""The owner's login, for what changes schemas: migrations, new clinics, closing, restoring.

The application's own login owns nothing, so that no statement which an attacker makes it run
changes the audit trail. A process that serves requests needs the owner's address
(SHARD_1_OWNER_URL) only for the platform's admin, and even then uses a separate connection.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from django.db.transaction import TransactionManagementError

from tenants.errors import OwnerLoginMissing, ShardUnavailable


@contextmanager
def as_owner(alias: str) -> Iterator[None]:
    """Work on the server of `alias` as the owner of its schemas, in this thread.

    Other servers stay as they are. Must begin outside a transaction on `alias`, whose uncommitted
    rows the other login would not see: raises TransactionManagementError. Raises OwnerLoginMissing.
    """
    connection: Any = connections[alias]
    if connection.acts_as_owner:
        yield
    elif connection.settings_dict["OWNER"] is None:
        if connection.settings_dict["USER"] == settings.APP_ROLE:
            raise OwnerLoginMissing(database=alias)
        with _owners_role(connection):  # the only login is the owner's
            yield
    else:
        if connection.in_atomic_block:
            raise TransactionManagementError("Become the owner before the transaction begins.")

        owner: Any = connections.create_connection(alias)
        owner.settings_dict = _owners_settings(connection.settings_dict)
        connections[alias] = owner

        try:
            with _owners_role(owner):
                yield
        finally:
            connections[alias] = connection
            owner.close()


@contextmanager
def owner_connection(alias: str) -> Iterator[psycopg.Connection[Any]]:
    """A separate connection to the server of `alias`, as the owner: no scope, no role, no Django.

    For work that needs several connections or takes long. Each statement is its own transaction
    unless one is begun. Raises OwnerLoginMissing, ShardUnavailable.
    """
    with as_owner(alias):
        params = dict(connections[alias].get_connection_params())

    for name in ("context", "pool"):
        params.pop(name, None)
    params["cursor_factory"] = psycopg.ClientCursor  # DDL takes no parameters

    try:
        connection = psycopg.connect(**params, autocommit=True)
    except psycopg.OperationalError as error:
        raise ShardUnavailable(shard=alias) from error

    with connection:
        yield connection


@contextmanager
def _owners_role(connection: Any) -> Iterator[None]:
    connection.acts_as_owner = True
    try:
        yield
    finally:
        connection.acts_as_owner = False


def _owners_settings(of_application: dict[str, Any]) -> dict[str, Any]:
    """The owner's address; its connections are few and short, so they aren't pooled."""
    owner: dict[str, Any] = of_application["OWNER"]
    options = {k: v for k, v in of_application["OPTIONS"].items() if k != "pool"}
    return of_application | owner | {"OPTIONS": options | owner["OPTIONS"], "CONN_MAX_AGE": 0}
