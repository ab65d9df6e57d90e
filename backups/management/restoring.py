"""What the command `restore` was asked for, and which restore that is."""

from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from backups.comparison import differences, rows_bring_back
from backups.configuration import configured_store
from backups.elsewhere import clinic_in_store, clinic_restore_as, clinic_restore_lost
from backups.facts import clinic_known, domains_of, has_directory
from backups.failures import server_failures
from backups.manifests import Facts, Signed
from backups.models import Run
from backups.recovery import recover
from backups.restore import Restored, chain_to, clinic_restore
from backups.services import backup_covered, backup_make, recorded
from backups.staging import Progress, staged
from backups.stores import Store
from core.errors import FisioFlowError
from tenants.context import DIRECTORY, ClinicRoute, check_clinic_name, platform_scope
from tenants.errors import ShardUnavailable
from tenants.models import Clinic
from tenants.postgresql.owner import owner_connection
from tenants.schemas import schema_exists


@dataclass(frozen=True, slots=True)
class Wish:
    """The command's options."""

    backup: UUID | Literal["latest"]
    clinic: str
    at: datetime | None
    as_schema: str | None
    name: str | None
    domain: str | None
    shard: str | None
    only: str | None
    where: str | None
    dry_run: bool

    def check(self) -> None:
        """Say what is wrong with it before anything is asked or done. Raises CommandError."""
        if bool(self.only) != bool(self.where) or (self.where and "=" not in self.where):
            raise CommandError("--only and --where COLUMN=VALUE go together.")
        if self.at and self.at > timezone.now():
            raise CommandError(f"{self.at.isoformat()} is yet to come. Leave out --at for now.")
        if self.shard and self.shard not in set(settings.DATABASES) - {DIRECTORY}:
            raise CommandError(f"There is no shard {self.shard} here.")
        if self.as_schema:
            check_clinic_name(self.as_schema)


def restore_wished(wish: Wish, progress: Progress) -> dict[str, Any]:
    """Do it; returns what to say. Raises CommandError, BackupError."""
    if not has_directory():
        raise CommandError("The directory has no tables. Run manage.py migrate first.")
    store, found = configured_store(), clinic_known(wish.clinic)
    clinic_id = found.id if found else clinic_in_store(store, wish.clinic)
    if wish.at and found:
        _reach(found, wish.at)
    chain = chain_to(store, clinic_id, wish.backup, wish.at, covered=backup_covered(clinic_id))
    if wish.as_schema or found is None:
        return _as_new(wish, store, chain, progress)
    route = found.route
    if wish.dry_run or wish.only:
        return _beside(wish, store, chain, route, progress)
    with platform_scope(), recorded(found, Run.Kind.RESTORE, chain[-1].manifest.backup_id):
        return _in_its_place(wish, store, chain, route, progress).as_json()


def _reach(clinic: Clinic, at: datetime) -> None:
    """Back up what happened since the last backup, if the moment lies there.

    Where it can't be, `chain_to` says that the moment isn't covered.
    """
    if at > max(backup_covered(clinic.id).values(), default=at):
        with suppress(FisioFlowError):
            backup_make(clinic=clinic, incremental=True)


def _in_its_place(
    wish: Wish, store: Store, chain: tuple[Signed, ...], route: ClinicRoute, progress: Progress
) -> Restored:
    shard = wish.shard or route.shard
    if shard != route.shard or not _has_schema(route):
        return clinic_restore_lost(
            store=store, route=route, chain=chain, shard=shard, until=wish.at, progress=progress
        )
    return clinic_restore(store=store, route=route, chain=chain, until=wish.at, progress=progress)


def _as_new(
    wish: Wish, store: Store, chain: tuple[Signed, ...], progress: Progress
) -> dict[str, Any]:
    if wish.dry_run or wish.only:
        raise CommandError("--dry-run and --only compare with a clinic that is there.")
    last = chain[-1].manifest
    schema = wish.as_schema or last.schema_name
    shard = wish.shard or (last.origin.shard if last.origin.shard in settings.DATABASES else "")
    if not shard:
        raise CommandError(f"There is no shard {last.origin.shard} here. Say --shard.")
    domain = wish.domain or (_domain_beside(last.facts, schema) if wish.as_schema else "")
    clinic, restored = clinic_restore_as(
        store=store,
        chain=chain,
        schema=schema,
        shard=shard,
        name=wish.name or "",
        domain=domain,
        clinic_id=None if wish.as_schema else last.clinic_id,
        until=wish.at,
        progress=progress,
    )
    with platform_scope():
        said = {"clinic": clinic.schema_name, "shard": shard, "domains": domains_of(clinic)}
    return said | {"status": clinic.status} | restored.as_json()


def _beside(
    wish: Wish, store: Store, chain: tuple[Signed, ...], route: ClinicRoute, progress: Progress
) -> dict[str, Any]:
    """What would change, or single rows: nothing is replaced."""
    recover(route.shard)
    with server_failures():
        with staged(store, chain, route, until=wish.at, progress=progress) as staging:
            said: dict[str, Any] = {"reached": staging.reached.isoformat()}
            if wish.dry_run:
                found = differences(staging, route.schema)
                return said | {"would_change": [asdict(one) for one in found]}
            column, _, value = (wish.where or "").partition("=")
            return said | {
                "rows": rows_bring_back(
                    staging=staging, route=route, table=wish.only or "", column=column, value=value
                )
            }


def _domain_beside(facts: Facts, schema: str) -> str:
    """A host name for a copy, beside the clinic's own."""
    primary = next(iter(facts.domains), "")
    return f"{schema.replace('_', '-')}.{primary.partition('.')[2]}"


def _has_schema(route: ClinicRoute) -> bool:
    try:
        with owner_connection(route.shard) as connection, connection.cursor() as cursor:
            return schema_exists(cursor, route.schema)
    except ShardUnavailable:
        return False
