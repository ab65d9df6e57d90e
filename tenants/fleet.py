"""The fleet's migrations: which the code has, which schemas lack some, and how they get them.

A schema's comment names the migrations that it has, written in the transaction that applies them.
So one query of each shard's catalogs finds who is behind, however many clinics there are.
`tenants.rollout` brings the whole fleet up to date.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.contrib.contenttypes.management import create_contenttypes
from django.contrib.contenttypes.models import ContentType
from django.db import connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from tenants.context import DIRECTORY, SERVER_SCHEMA, TEMPLATE_SCHEMA, maintenance_scope
from tenants.errors import MigrationsUnknown
from tenants.models import Clinic
from tenants.postgresql.owner import as_owner
from tenants.router import is_clinical
from tenants.schemas import (
    EPOCH_TABLE,
    advance_sequences,
    insertable_columns,
    lock_template,
    read_digest,
    schema_exists,
    write_digest,
)
from tenants.signals import tables_changed

Node = tuple[str, str]
# Written only by migrations, with ids that are the same in all clinics of a shard.
REFERENCE_TABLES = ("django_content_type", "auth_permission")


@cache
def clinical_targets() -> tuple[Node, ...]:
    """The newest migrations of the apps that live in a clinic's schema."""
    graph = MigrationLoader(None).graph
    return tuple(sorted(node for node in graph.leaf_nodes() if is_clinical(node[0])))


def clinical_migrations() -> frozenset[Node]:
    """Every migration that a clinic's schema must have, by the code that runs."""
    graph = MigrationLoader(None).graph
    return frozenset(n for target in clinical_targets() for n in graph.forwards_plan(target))


def directory_migrations() -> frozenset[Node]:
    """Every migration that the directory must have, by the code that runs."""
    return frozenset(MigrationLoader(None).graph.nodes)


@cache
def migration_digest() -> str:
    """Digest of every migration that a clinic's schema must have, by the code that runs."""
    names = "\n".join(sorted(f"{app}.{name}" for app, name in clinical_migrations()))
    return hashlib.sha256(names.encode()).hexdigest()[:32]


def clinics_behind(shard: str) -> list[str]:
    """The schemas of this shard's clinics (all of them, closed ones too) that lack a migration.

    A clinic whose schema is missing counts as behind, so that it is reported.
    """
    schemas = list(
        Clinic.objects.filter(shard_id=shard)
        .order_by("schema_name")
        .values_list("schema_name", flat=True)
    )

    with server_cursor(shard) as cursor:
        cursor.execute(
            """SELECT nspname FROM pg_namespace
                WHERE obj_description(oid, 'pg_namespace') = %s AND nspname = ANY(%s)""",
            [f"fisioflow:{migration_digest()}", schemas],
        )
        done = {row[0] for row in cursor.fetchall()}

    return [schema for schema in schemas if schema not in done]


def migrate_template(shard: str) -> bool:
    """Bring the shard's template up to date, in one transaction; False if it was already.

    The template is the canary: when it fails, no clinic of the shard is touched.
    """
    _create_empty_template(shard)

    with as_owner(shard), maintenance_scope(TEMPLATE_SCHEMA), transaction.atomic(using=shard):
        with connections[shard].cursor() as cursor:
            lock_template(cursor, exclusive=True)
            if read_digest(cursor, TEMPLATE_SCHEMA) == migration_digest():
                return False

        _run_migrations(shard, TEMPLATE_SCHEMA)
        _create_reference_rows(shard)
        with connections[shard].cursor() as cursor:
            write_digest(cursor, TEMPLATE_SCHEMA, migration_digest())

    return True


def migrate_schema(shard: str, schema: str) -> bool:
    """Bring one clinic's schema up to date, in one transaction; False if somebody else just did."""
    with as_owner(shard), maintenance_scope(schema), transaction.atomic(using=shard):
        with connections[shard].cursor() as cursor:
            # Two runs at once: the second waits here, and finds the work done.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [schema])
            if read_digest(cursor, schema) == migration_digest():
                return False

        _run_migrations(shard, schema)
        with connections[shard].cursor() as cursor:
            copy_reference_rows(cursor)
            write_digest(cursor, schema, migration_digest())

    return True


@contextmanager
def server_cursor(shard: str) -> Iterator[Any]:
    """A cursor, in a transaction, on a shard that may have no template yet."""
    with (
        maintenance_scope(SERVER_SCHEMA),
        transaction.atomic(using=shard),
        connections[shard].cursor() as cursor,
    ):
        yield cursor


def _create_empty_template(shard: str) -> None:
    with as_owner(shard), server_cursor(shard) as cursor:
        lock_template(cursor, exclusive=True)
        if not schema_exists(cursor, TEMPLATE_SCHEMA):
            cursor.execute(f"CREATE SCHEMA {TEMPLATE_SCHEMA}")
            cursor.execute(f"SET LOCAL search_path = {TEMPLATE_SCHEMA}; {EPOCH_TABLE}")


def _run_migrations(shard: str, schema: str) -> None:
    def progress(action: str, *_: Any) -> None:
        if action == "apply_success":
            announce_tables(shard, schema)

    executor = MigrationExecutor(connections[shard], progress)
    _refuse_unknown(executor.loader)
    executor.loader.check_consistent_history(connections[shard])
    executor.migrate(list(clinical_targets()))


def refuse_unknown_migrations(alias: str) -> None:
    """Raise MigrationsUnknown if the search path's schema has a migration that this code lacks."""
    _refuse_unknown(MigrationLoader(connections[alias]))


def _refuse_unknown(loader: MigrationLoader) -> None:
    """Only our own apps count: other packages may drop migrations that they have squashed."""
    here = settings.BASE_DIR
    ours = {app.label for app in apps.get_app_configs() if Path(app.path).resolve().parent == here}
    on_disk = loader.disk_migrations or {}
    replaced = {node for migration in on_disk.values() for node in migration.replaces}
    known = on_disk.keys() | replaced

    applied = [node for node in loader.applied_migrations or {} if node[0] in ours]
    if unknown := sorted(".".join(node) for node in applied if node not in known):
        shown = ", ".join(unknown[:3])
        raise MigrationsUnknown(migrations=shown + (", ..." if len(unknown) > 3 else ""))


def announce_tables(alias: str, schema: str) -> None:
    """Announce that a migration changed the schema's tables. The caller acts as the owner there."""
    with connections[alias].cursor() as cursor:
        tables_changed.send(
            sender=announce_tables,
            cursor=cursor,
            schema=f'"{schema}"',
            in_directory=alias == DIRECTORY,
        )


def _create_reference_rows(shard: str) -> None:
    """Make content types and permissions once, in the template; clinics get copies with its ids."""
    ContentType.objects.clear_cache()
    for config in apps.get_app_configs():
        if is_clinical(config.label):
            create_contenttypes(config, verbosity=0, using=shard)
            create_permissions(config, verbosity=0, using=shard)
    ContentType.objects.clear_cache()


def copy_reference_rows(cursor: Any) -> None:
    """Copy the template's content types and permissions into the search path's schema."""
    columns = insertable_columns(cursor, list(REFERENCE_TABLES))
    for table in REFERENCE_TABLES:
        cursor.execute(
            f"INSERT INTO {table} ({columns[table]}) OVERRIDING SYSTEM VALUE"
            f" SELECT {columns[table]} FROM {TEMPLATE_SCHEMA}.{table} ON CONFLICT DO NOTHING"
        )

    advance_sequences(cursor, list(REFERENCE_TABLES))
