"""Which migrations a schema has, and bringing a restore point forward to this release's."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import psycopg
from django.db import connections, transaction
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from backups.errors import ClinicBehind, SchemaTooNew
from backups.format.manifests import Manifest
from backups.format.sealing import unseal
from backups.installation import Installation
from backups.restore.swap import RestorePoint, mark
from tenants.context import maintenance_scope
from tenants.fleet import migrate_schema, migration_digest
from tenants.postgresql.owner import as_owner
from tenants.schemas import read_digest


def refuse_newer(connection: psycopg.Connection[Any], schema: str) -> None:
    """Raises SchemaTooNew when the schema has migrations that this software doesn't know."""
    _refuse_unknown(
        connection.execute(
            sql.SQL("SELECT app::text, name::text FROM {}").format(
                sql.Identifier(schema, "django_migrations")
            )
        )
    )


def refuse_newer_backup(installation: Installation, full: Manifest) -> None:
    """Refuse a backup of a newer release, before anybody's writes are refused.

    A digest doesn't say which of two releases is newer, so the data is read up to the end of the
    list of migrations, unless the backup is of this release. Raises SchemaTooNew, BackupError.
    """
    if full.migration_digest == migration_digest():
        return

    (table,) = (table for table in full.tables if table.name == "django_migrations")
    script = bytearray()

    def take(chunk: bytes) -> None:
        script.extend(chunk)
        if len(script) >= table.end_byte:
            raise _Enough

    with suppress(_Enough):
        unseal(installation.store, full.objects[0], installation.identities, take)

    rows = script[table.first_byte : table.end_byte].decode().splitlines()
    _refuse_unknown(tuple(row.split("\t")[1:3]) for row in rows)  # id, app, name, applied


class _Enough(Exception):
    """Enough of the stream has been read."""


def _refuse_unknown(applied: Iterable[tuple[str, ...]]) -> None:
    known = MigrationLoader(None, ignore_no_migrations=True).disk_migrations or {}
    if unknown := [".".join(node) for node in applied if node not in known]:
        raise SchemaTooNew(migrations=", ".join(sorted(unknown)[:5]))


def refuse_behind(connection: psycopg.Connection[Any], schema: str) -> None:
    """Raises ClinicBehind when the live schema isn't this release's: nothing can be carried over.

    Raises SchemaTooNew when it is a newer release's.
    """
    with connection.cursor() as cursor:
        if read_digest(cursor, schema) != migration_digest():
            refuse_newer(connection, schema)
            raise ClinicBehind(schema=schema)


def brought_forward(
    connection: psycopg.Connection[Any], shard: str, point: RestorePoint
) -> RestorePoint:
    """The restore point, migrated if an older release left it. Raises SchemaTooNew."""
    refuse_newer(connection, point.schema)
    if point.digest == migration_digest():
        return point

    with (
        as_owner(shard),
        maintenance_scope(point.schema),
        transaction.atomic(using=shard),  # a migration replaces the comment that says whose it is
    ):
        migrate_schema(shard, point.schema)
        with connections[shard].cursor() as cursor:
            return mark(cursor, point, digest=migration_digest())
