"""A clinic's schema, built aside from a chain of backups and proven before anybody sees it.

The rows go into tables without rules, in the transaction that made the tables: that keeps their
order, so that copying them out again gives the very bytes of the backup. The end of the file never
commits: the transaction ends after every checksum (backups.format.sealing). A killed run leaves a
schema named r_<12 hex digits> whose builder's lock is free; the next run sweeps it.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from audit.capture.privileges import grant
from backups.format.manifests import Manifest, Signed
from backups.format.objects import read_plain
from backups.format.sealing import unseal
from backups.installation import Installation
from backups.progress import StepsProgress, silent
from backups.restore.loading import Loading
from backups.restore.proof import build_rules, prove_histories, prove_rows
from backups.restore.replay import apply_increment, read_increment
from backups.restore.versions import refuse_newer
from tenants.context import TEMPLATE_SCHEMA, ClinicRoute, platform_scope
from tenants.errors import TemplateMissing
from tenants.fleet import copy_reference_rows, migrate_schema, migration_digest
from tenants.models import Clinic
from tenants.postgresql.owner import owner_connection
from tenants.schemas import lock_template, read_digest, write_digest

NAME = r"^r_[0-9a-f]{12}$"
# Not migrate_schema's lock: that runs meanwhile, on a connection of its own.
_LOCK = "hashtextextended('staging ' || %s, 0)"


@dataclass(frozen=True, slots=True)
class Staging:
    """A schema aside, and the connection that holds its lock; its search path is the schema.

    It has what was committed until `reached`, last at `last_change` (None: nothing after the
    full). `by_commit`: by the time of commits, otherwise by the time of each change. `lost` counts
    the passwords that must be set anew (backups.restore.replay).
    """

    shard: str
    schema: str
    connection: psycopg.Connection[Any]
    reached: datetime
    last_change: datetime | None = None
    by_commit: bool = True
    lost: int = 0


@contextmanager
def staged(
    installation: Installation,
    chain: tuple[Signed, ...],
    route: ClinicRoute,
    *,
    until: datetime | None = None,
    progress: StepsProgress = silent,
) -> Iterator[Staging]:
    """Build what the chain holds, on the route's shard, and prove it.

    The schema gets the route's clinic and epoch. It is gone at the end, unless it was renamed.
    Raises TemplateMissing, SchemaTooNew, RowsDiffer, HistoryDiffers, BackupError.
    """
    with owner_connection(route.shard) as connection:
        connection.execute("SET statement_timeout = 0; SET client_min_messages = warning")
        with connection.cursor() as cursor:
            if not read_digest(cursor, TEMPLATE_SCHEMA):
                raise TemplateMissing(shard=route.shard)

        sweep(connection)
        schema = f"r_{secrets.token_hex(6)}"
        connection.execute(f"SELECT pg_advisory_lock({_LOCK})", [schema])

        try:
            staging = Staging(route.shard, schema, connection, chain[-1].manifest.created_at)
            yield _built(staging, installation, chain, route, until, progress)
        finally:
            with suppress(psycopg.OperationalError):  # the server is gone: the next run sweeps
                if not connection.closed:
                    _drop(connection, schema)


def sweep(connection: psycopg.Connection[Any]) -> list[str]:
    """Drop the schemas that killed runs left on this server; returns their names."""
    found = connection.execute(
        "SELECT nspname::text FROM pg_namespace WHERE nspname ~ %s", [NAME]
    ).fetchall()
    names = {name for (name,) in found}
    with platform_scope():
        names -= set(
            Clinic.objects.filter(schema_name__in=names).values_list("schema_name", flat=True)
        )

    swept = []
    for name in sorted(names):
        row: Any = connection.execute(f"SELECT pg_try_advisory_lock({_LOCK})", [name]).fetchone()
        if row[0]:
            _drop(connection, name)
            connection.execute(f"SELECT pg_advisory_unlock({_LOCK})", [name])
            swept.append(name)

    return swept


def _built(
    staging: Staging,
    installation: Installation,
    chain: tuple[Signed, ...],
    route: ClinicRoute,
    until: datetime | None,
    progress: StepsProgress,
) -> Staging:
    """Load the full, apply the increments, build the rules, migrate; prove on the way."""
    full = chain[0].manifest
    structure, rules = (read_plain(installation.store, item).decode() for item in _ddl(full))
    _load(staging, installation, full, structure, route, progress)
    refuse_newer(staging.connection, staging.schema)

    if len(chain) > 1:
        prove_rows(staging.shard, staging.schema, full.tables, progress)
        staging = _with_increments(staging, installation, chain, until)
        build_rules(staging.shard, staging.schema, rules, (), progress)
    else:
        build_rules(staging.shard, staging.schema, rules, full.tables, progress)

    with staging.connection.transaction(), staging.connection.cursor() as cursor:
        grant(cursor, f'"{staging.schema}"', in_directory=False)
        write_digest(cursor, staging.schema, full.migration_digest)

    if full.migration_digest != migration_digest():
        migrate_schema(staging.shard, staging.schema)
    if len(chain) > 1:
        prove_histories(staging.connection)

    return staging


def _ddl(manifest: Manifest) -> Any:
    """The structure and the rules, in this order."""
    return sorted(manifest.ddl, key=lambda item: item.key.endswith("rules.sql"))


def _load(
    staging: Staging,
    installation: Installation,
    full: Manifest,
    structure: str,
    route: ClinicRoute,
    progress: StepsProgress,
) -> None:
    """Make the tables, with the rows of the full backup, in one transaction."""
    connection, schema = staging.connection, staging.schema
    (data,) = full.objects

    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA "{schema}"')
        cursor.execute(f"COMMENT ON SCHEMA \"{schema}\" IS 'restoring {route.clinic_id}'")
        cursor.execute(f'SET search_path = "{schema}", pg_temp; SET check_function_bodies = off')
        cursor.execute(structure)

        with Loading(cursor, full.tables, data.content.length, progress) as loading:
            unseal(installation.store, data, installation.identities, loading.take)
        loading.finish(data.key)

        lock_template(cursor, exclusive=False)
        copy_reference_rows(cursor)
        _write_epoch_row(cursor, route)


def _write_epoch_row(cursor: Any, route: ClinicRoute) -> None:
    """Say which clinic this is. The tables have no keys yet, so nothing can conflict."""
    cursor.execute(
        "INSERT INTO clinic_epoch (clinic_id, epoch, state) VALUES (%s, %s, 'open')",
        [route.clinic_id, route.epoch],
    )


def _with_increments(
    staging: Staging,
    installation: Installation,
    chain: tuple[Signed, ...],
    until: datetime | None,
) -> Staging:
    """Apply what came after the full, until the moment asked for."""
    store, identities = installation.store, installation.identities
    for signed in chain[1:]:
        read_increment(staging.connection, store, signed.manifest, identities)

    applied = apply_increment(staging.connection, until)
    last = chain[-1].manifest.created_at
    return replace(
        staging,
        reached=min(until, last) if until else last,
        last_change=applied.reached,
        by_commit=applied.by_commit,
        lost=applied.lost,
    )


def _drop(connection: psycopg.Connection[Any], schema: str) -> None:
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
