"""Restoring to a place where the clinic isn't: as a copy, onto an empty installation or shard.

There is nothing to fence and nothing to replace. The schema gets its name together with its row in
the directory.
"""

from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from django.db import connections, transaction
from psycopg import sql

from backups.catalogue import read_catalogue
from backups.configuration import trusted_keys
from backups.documents import documents_of_a_copy, documents_returned
from backups.errors import BackupError, NoSuchBackup, PlaceTaken, SchemaInTheWay
from backups.failures import server_failures
from backups.layout import manifests_prefix
from backups.locking import sole_run
from backups.manifests import Signed
from backups.recovery import recover
from backups.restore import Restored, documents_of, set_actor
from backups.staging import Progress, Staging, silent, staged
from backups.stores import Store
from backups.swap import set_aside
from backups.trail import record_restore
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
from tenants.fleet import code_head
from tenants.models import Clinic
from tenants.postgresql.owner import owner_connection
from tenants.schemas import read_head, schema_exists, set_head, write_epoch
from tenants.services import clinic_close, clinic_create, clinic_relocate, domain_add


def clinic_restore_as(
    *,
    store: Store,
    chain: tuple[Signed, ...],
    schema: str,
    shard: str,
    name: str = "",
    domain: str = "",
    clinic_id: UUID | None = None,
    until: datetime | None = None,
    progress: Progress = silent,
) -> tuple[Clinic, Restored]:
    """Restore as a clinic that the directory doesn't have. Somebody must act.

    `clinic_id`: of the clinic itself, when the directory lost it; None: a copy of its own. What
    the directory knew of the clinic comes from the backup, but a copy gets a `domain` of its own,
    and is open. Raises BackupError, ClinicExists, FieldError, and nothing is left.
    """
    facts, is_copy = chain[-1].manifest.facts, clinic_id is None
    closed = facts.closed and not is_copy
    domains = (domain,) if domain or is_copy else facts.domains
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
    route = ClinicRoute(clinic_id or uuid7(), schema, shard, epoch=1)
    files = nullcontext() if clinic_id else documents_of_a_copy(route.clinic_id)
    build_aside = staged(store, chain, route, until=until, progress=progress)
    with files, server_failures(), build_aside as staging:
        missing = documents_returned(store, documents_of(chain), route.clinic_id)
        changed = _recorded(staging, chain[-1], until)

        def build(built: ClinicRoute) -> None:
            with maintenance_scope(SERVER_SCHEMA), connections[shard].cursor() as cursor:
                _name(cursor, staging.schema, built.schema)
                if closed:
                    write_epoch(cursor, built.schema, built.clinic_id, built.epoch, "closed")

        with platform_scope():
            clinic = clinic_create(
                acting_user=None,
                schema_name=schema,
                name=name or facts.name,
                domain=domains[0],
                plan=facts.plan,
                time_zone=facts.time_zone,
                state=facts.state,
                shard=shard,
                clinic_id=route.clinic_id,
                build=build,
            )
            clinic = clinic_close(acting_user=None, schema_name=schema) if closed else clinic
            for further in domains[1:]:
                with suppress(ClinicExists):  # another clinic's by now: the output lists ours
                    domain_add(acting_user=None, schema_name=schema, domain=further)
    return clinic, _restored(staging, chain[-1], changed, missing)


def clinic_restore_lost(
    *,
    store: Store,
    route: ClinicRoute,
    chain: tuple[Signed, ...],
    shard: str,
    until: datetime | None = None,
    progress: Progress = silent,
) -> Restored:
    """Restore a clinic of the directory whose schema is gone, or whose shard doesn't answer.

    On another shard it begins a new epoch: should the old place come back, no route leads there.
    Raises PlaceTaken when the schema is there after all, BackupError, and may be tried again.
    """
    if _is_there(route):
        raise PlaceTaken(schema=route.schema, shard=route.shard)
    recover(shard)
    moved = shard != route.shard
    target = replace(route, shard=shard, epoch=route.epoch + moved)
    with sole_run(target), server_failures():
        if moved:
            _is_left_here(target)  # or another's schema is: said before anything is built
        missing = documents_returned(store, documents_of(chain), route.clinic_id)
        with staged(store, chain, target, until=until, progress=progress) as staging:
            changed = _recorded(staging, chain[-1], until)
            _take_place(staging, route, target)
    return _restored(staging, chain[-1], changed, missing)


def _take_place(staging: Staging, route: ClinicRoute, target: ClinicRoute) -> None:
    """Give the schema its name, and say in the directory where it is.

    The directory's row is changed first and committed last. If it fails in between, the schema is
    on the shard and no route leads there: the next try makes a restore point of it.
    """
    with platform_scope(), transaction.atomic(using=DIRECTORY):
        clinic, moved = Clinic.objects.get(id=route.clinic_id), target.shard != route.shard
        if moved:
            clinic = clinic_relocate(acting_user=None, route=route, shard=target.shard)
        with staging.connection.transaction(), staging.connection.cursor() as cursor:
            if moved and _is_left_here(target):
                head = read_head(cursor, route.schema)
                set_aside(cursor, route.schema, route.clinic_id, head=head)
            _name(cursor, staging.schema, route.schema)
            if clinic.status == Clinic.Status.CLOSED:
                write_epoch(cursor, route.schema, route.clinic_id, target.epoch, "closed")


def clinics_in_store(store: Store) -> list[UUID]:
    """The clinics that the store has backups of. Lists the whole store."""
    found = {item.key.split("/")[1] for item in store.listed("clinics/")}
    return sorted(
        UUID(clinic)
        for clinic in found
        if next(iter(store.listed(manifests_prefix(UUID(clinic)))), None)
    )


def clinic_in_store(store: Store, named: str) -> UUID:
    """A clinic that the directory doesn't know: by its id, or by its schema's name in the store.

    Raises NoSuchBackup.
    """
    try:
        return UUID(named)
    except ValueError:
        pass
    for clinic_id in clinics_in_store(store):
        latest = read_catalogue(store, clinic_id, trusted_keys()).latest()
        if latest and latest.manifest.schema_name == named:
            return clinic_id
    raise NoSuchBackup(clinic=named)


def _is_left_here(target: ClinicRoute) -> bool:
    """Whether the shard has the clinic's schema, of which the directory doesn't know.

    Raises SchemaInTheWay when it is another's.
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


def _is_there(route: ClinicRoute) -> bool:
    try:
        with owner_connection(route.shard) as connection, connection.cursor() as cursor:
            return schema_exists(cursor, route.schema)
    except ShardUnavailable:
        return False


def _recorded(staging: Staging, last: Signed, until: datetime | None) -> int:
    details = {"backup": last.manifest.backup_id, "reached": staging.reached}
    reason = f"restore to {(until or staging.reached).isoformat(timespec='seconds')}"
    with staging.connection.transaction(), staging.connection.cursor() as cursor:
        set_actor(cursor)
        return record_restore(cursor, reason=reason, details=details)


def _name(cursor: Any, staging: str, schema: str) -> None:
    try:
        cursor.execute(
            sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(
                sql.Identifier(staging), sql.Identifier(schema)
            )
        )
    except psycopg.errors.DuplicateSchema as error:
        raise PlaceTaken(schema=schema) from error
    set_head(cursor, schema, code_head())


def _restored(staging: Staging, last: Signed, changed: int, missing: tuple[str, ...]) -> Restored:
    return Restored(
        backup_id=last.manifest.backup_id,
        reached=staging.reached,
        by_commit=staging.by_commit,
        changed=changed,
        kept=0,
        lost=staging.lost,
        restore_point="",
        documents_missing=missing,
    )
