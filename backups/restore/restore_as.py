"""Restoring to a place where the clinic isn't: as a copy, onto an empty installation or shard.

There is nothing to fence and nothing to replace. The schema gets its name together with its row in
the directory. The caller names the actor (core.actor).
"""

from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from django.db import connections, transaction
from psycopg import sql

from backups.errors import BackupError, PlaceTaken, SchemaInTheWay
from backups.format.manifests import DirectoryRecord, Signed
from backups.installation import Installation
from backups.progress import StepsProgress, silent
from backups.restore.carried_trail import set_actor
from backups.restore.chain import documents_of
from backups.restore.documents import documents_of_a_copy, documents_returned
from backups.restore.outcome import Restored, record_reached
from backups.restore.recovery import recover
from backups.restore.staging import Staging, staged
from backups.restore.swap import set_aside
from backups.snapshot.connection import server_failures
from backups.snapshot.locks import backup_lock
from core.ids import uuid7
from tenants.context import (
    DIRECTORY,
    SERVER_SCHEMA,
    ClinicRoute,
    check_clinic_name,
    maintenance_scope,
    platform_scope,
)
from tenants.errors import ClinicExists, ShardUnavailable
from tenants.fleet import migration_digest
from tenants.models import Clinic
from tenants.postgresql.owner import owner_connection
from tenants.schemas import read_digest, schema_exists, write_digest, write_epoch
from tenants.services import clinic_close, clinic_create, clinic_relocate, domain_add


def clinic_restore_as(
    installation: Installation,
    *,
    chain: tuple[Signed, ...],
    schema: str,
    shard: str,
    name: str = "",
    domain: str = "",
    clinic_id: UUID | None = None,
    until: datetime | None = None,
    progress: StepsProgress = silent,
) -> tuple[Clinic, Restored]:
    """Restore as a clinic that the directory doesn't have.

    `clinic_id` is the clinic's own, when the directory lost it; None makes a copy. The directory's
    record of the clinic comes from the backup, but a copy gets a `domain` of its own, and is open.
    Raises BackupError, ClinicExists, FieldError, and leaves nothing behind.
    """
    record, is_copy = chain[-1].manifest.facts, clinic_id is None
    closed = record.closed and not is_copy
    domains = (domain,) if domain or is_copy else record.domains
    _refuse_taken(schema, shard, domains)

    route = ClinicRoute(clinic_id or uuid7(), schema, shard, epoch=1)
    files = nullcontext() if clinic_id else documents_of_a_copy(route.clinic_id)
    build_aside = staged(installation, chain, route, until=until, progress=progress)

    with files, server_failures(), build_aside as staging:
        missing = documents_returned(installation, documents_of(chain), route.clinic_id)
        changed = _recorded(staging, chain[-1], until)
        with platform_scope():
            clinic = _enter(staging, route, record, name or record.name, domains, closed=closed)

    return clinic, Restored.of(staging, chain[-1], changed=changed, missing=missing)


def _refuse_taken(schema: str, shard: str, domains: tuple[str, ...]) -> None:
    """Raises BackupError, ClinicExists or SchemaInTheWay when the clinic can't be made there."""
    if not domains:
        raise BackupError("The backup knows no host name of the clinic. Say --domain.")
    check_clinic_name(schema)

    with platform_scope():
        if Clinic.objects.filter(schema_name=schema).exists():
            raise ClinicExists(schema=schema)

    recover(shard)
    with owner_connection(shard) as connection, connection.cursor() as cursor:
        if schema_exists(cursor, schema):
            raise SchemaInTheWay(schema=schema, shard=shard)


def _enter(
    staging: Staging,
    route: ClinicRoute,
    record: DirectoryRecord,
    name: str,
    domains: tuple[str, ...],
    *,
    closed: bool,
) -> Clinic:
    """Make the clinic's row in the directory, and give the schema built aside its name."""

    def build(built: ClinicRoute) -> None:
        with maintenance_scope(SERVER_SCHEMA), connections[route.shard].cursor() as cursor:
            _rename(cursor, staging.schema, built.schema)
            if closed:
                write_epoch(cursor, built.schema, built.clinic_id, built.epoch, "closed")

    clinic = clinic_create(
        acting_user=None,
        schema_name=route.schema,
        name=name,
        domain=domains[0],
        plan=record.plan,
        time_zone=record.time_zone,
        state=record.state,
        shard=route.shard,
        clinic_id=route.clinic_id,
        build=build,
    )
    if closed:
        clinic = clinic_close(acting_user=None, schema_name=route.schema)

    for further in domains[1:]:
        with suppress(ClinicExists):  # it is another clinic's by now; the output lists ours
            domain_add(acting_user=None, schema_name=route.schema, domain=further)
    return clinic


def clinic_restore_lost(
    installation: Installation,
    *,
    route: ClinicRoute,
    chain: tuple[Signed, ...],
    shard: str,
    until: datetime | None = None,
    progress: StepsProgress = silent,
) -> Restored:
    """Restore a clinic of the directory whose schema is gone, or whose shard doesn't answer.

    On another shard it begins a new epoch, so that no route leads to the old place if that comes
    back. Raises PlaceTaken when the schema is there after all, BackupError, and may be tried again.
    """
    if has_schema(route):
        raise PlaceTaken(schema=route.schema, shard=route.shard)

    recover(shard)
    moved = shard != route.shard
    target = replace(route, shard=shard, epoch=route.epoch + moved)

    with backup_lock(target), server_failures():
        if moved:
            _was_left_there(target)  # refuses another clinic's schema before anything is built
        missing = documents_returned(installation, documents_of(chain), route.clinic_id)

        with staged(installation, chain, target, until=until, progress=progress) as staging:
            changed = _recorded(staging, chain[-1], until)
            _take_place(staging, route, target)

    return Restored.of(staging, chain[-1], changed=changed, missing=missing)


def has_schema(route: ClinicRoute) -> bool:
    """Whether the clinic's schema is where the route says; False when the shard doesn't answer."""
    try:
        with owner_connection(route.shard) as connection, connection.cursor() as cursor:
            return schema_exists(cursor, route.schema)
    except ShardUnavailable:
        return False


def _take_place(staging: Staging, route: ClinicRoute, target: ClinicRoute) -> None:
    """Give the schema its name, and say in the directory where it is.

    The directory's row is changed first and committed last. After a failure in between, the schema
    is on the shard and no route leads there: the next try makes a restore point of it.
    """
    with platform_scope(), transaction.atomic(using=DIRECTORY):
        clinic, moved = Clinic.objects.get(id=route.clinic_id), target.shard != route.shard
        if moved:
            clinic = clinic_relocate(acting_user=None, route=route, shard=target.shard)

        with staging.connection.transaction(), staging.connection.cursor() as cursor:
            if moved and _was_left_there(target):
                digest = read_digest(cursor, route.schema)
                set_aside(cursor, route.schema, route.clinic_id, digest=digest)
            _rename(cursor, staging.schema, route.schema)
            if clinic.status == Clinic.Status.CLOSED:
                write_epoch(cursor, route.schema, route.clinic_id, target.epoch, "closed")


def _was_left_there(target: ClinicRoute) -> bool:
    """Whether the shard has the clinic's schema from an earlier try, unknown to the directory.

    Raises SchemaInTheWay when the schema is another clinic's.
    """
    with owner_connection(target.shard) as connection, connection.cursor() as cursor:
        if not schema_exists(cursor, target.schema):
            return False

        epoch = sql.Identifier(target.schema, "clinic_epoch")
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [epoch.as_string()])
        if cursor.fetchone() == (True,):
            cursor.execute(sql.SQL("SELECT clinic_id FROM {}").format(epoch))
            if cursor.fetchone() == (target.clinic_id,):
                return True

    raise SchemaInTheWay(schema=target.schema, shard=target.shard)


def _recorded(staging: Staging, last: Signed, until: datetime | None) -> int:
    """How many objects the restore changed, after recording it in the schema built aside."""
    with staging.connection.transaction(), staging.connection.cursor() as cursor:
        set_actor(cursor)
        return record_reached(cursor, staging, last, until)


def _rename(cursor: Any, staging: str, schema: str) -> None:
    try:
        cursor.execute(
            sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(
                sql.Identifier(staging), sql.Identifier(schema)
            )
        )
    except psycopg.errors.DuplicateSchema as error:
        raise PlaceTaken(schema=schema) from error

    write_digest(cursor, schema, migration_digest())
