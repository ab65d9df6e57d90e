"""Which release's migrations a schema has, and bringing one that was kept forward to this one's."""

from typing import Any

import psycopg
from django.db import connections, transaction
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from backups.errors import ClinicBehind, SchemaTooNew
from backups.swap import RestorePoint, mark
from tenants.context import maintenance_scope
from tenants.fleet import code_head, migrate_schema
from tenants.postgresql.owner import as_owner
from tenants.schemas import read_head


def refuse_newer(connection: psycopg.Connection[Any], schema: str) -> None:
    """Raises SchemaTooNew when the schema has migrations that this software doesn't know."""
    known = MigrationLoader(None, ignore_no_migrations=True).disk_migrations or {}
    applied = connection.execute(
        sql.SQL("SELECT app::text, name::text FROM {}").format(
            sql.Identifier(schema, "django_migrations")
        )
    )
    if unknown := [f"{app}.{name}" for app, name in applied if (app, name) not in known]:
        raise SchemaTooNew(migrations=", ".join(sorted(unknown)[:5]))


def refuse_behind(connection: psycopg.Connection[Any], schema: str) -> None:
    """Raises ClinicBehind when the live schema isn't this release's: nothing can be carried over.

    SchemaTooNew when it is a later one's.
    """
    with connection.cursor() as cursor:
        if read_head(cursor, schema) != code_head():
            refuse_newer(connection, schema)
            raise ClinicBehind(schema=schema)


def brought_forward(
    connection: psycopg.Connection[Any], shard: str, point: RestorePoint
) -> RestorePoint:
    """The restore point, migrated to this release if it was kept before. Raises SchemaTooNew."""
    refuse_newer(connection, point.schema)
    if point.head == code_head():
        return point
    with (
        as_owner(shard),
        maintenance_scope(point.schema),
        transaction.atomic(using=shard),  # a migration takes the comment that says whose it is
    ):
        migrate_schema(shard, point.schema)
        with connections[shard].cursor() as cursor:
            return mark(cursor, point, head=code_head())
