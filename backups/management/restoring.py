"""The options of the command `restore`, and which restore they ask for."""

from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from backups.format.manifests import DirectoryRecord, Signed
from backups.installation import Installation
from backups.models import Run
from backups.progress import StepsProgress
from backups.restore.chain import chain_to
from backups.restore.comparison import differences, rows_bring_back
from backups.restore.in_place import clinic_restore
from backups.restore.outcome import Restored
from backups.restore.recovery import recover
from backups.restore.restore_as import clinic_restore_as, clinic_restore_lost, has_schema
from backups.restore.staging import staged
from backups.runs import covered_until, recorded
from backups.snapshot.connection import server_failures
from backups.snapshot.directory_record import clinic_in_directory, domains_of, has_directory
from backups.take.making import backup_make
from core.errors import FisioFlowError
from tenants.context import DIRECTORY, ClinicRoute, check_clinic_name, platform_scope
from tenants.models import Clinic


@dataclass(frozen=True, slots=True)
class RestoreOptions:
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
        """Refuse wrong options before anything is asked or done. Raises CommandError."""
        if bool(self.only) != bool(self.where) or (self.where and "=" not in self.where):
            raise CommandError("--only and --where COLUMN=VALUE go together.")
        if self.at and self.at > timezone.now():
            raise CommandError(f"{self.at.isoformat()} is yet to come. Leave out --at for now.")
        if self.shard and self.shard not in set(settings.DATABASES) - {DIRECTORY}:
            raise CommandError(f"There is no shard {self.shard} here.")
        if self.as_schema:
            check_clinic_name(self.as_schema)


def run_restore(
    installation: Installation, options: RestoreOptions, progress: StepsProgress
) -> dict[str, Any]:
    """Restore as the options say; returns the output. Raises CommandError, BackupError."""
    if not has_directory():
        raise CommandError("The directory has no tables. Run manage.py migrate first.")

    clinic = clinic_in_directory(options.clinic)
    clinic_id = clinic.id if clinic else installation.clinic_in_store(options.clinic)

    if options.at and clinic:
        _back_up_until(installation, clinic, options.at)

    covered = covered_until(clinic_id)
    chain = chain_to(installation, clinic_id, options.backup, options.at, covered=covered)

    if options.as_schema or clinic is None:
        return _as_new(installation, options, chain, progress)

    route = clinic.route
    if options.dry_run or options.only:
        return _beside(installation, options, chain, route, progress)

    with platform_scope(), recorded(clinic, Run.Kind.RESTORE, chain[-1].manifest.backup_id):
        return _in_its_place(installation, options, chain, route, progress).as_json()


def _back_up_until(installation: Installation, clinic: Clinic, at: datetime) -> None:
    """Back up what happened since the last backup, if the moment lies there.

    Where that fails, `chain_to` says that the moment isn't covered.
    """
    if at > max(covered_until(clinic.id).values(), default=at):
        with suppress(FisioFlowError):
            backup_make(installation, clinic=clinic, incremental=True)


def _in_its_place(
    installation: Installation,
    options: RestoreOptions,
    chain: tuple[Signed, ...],
    route: ClinicRoute,
    progress: StepsProgress,
) -> Restored:
    """Restore in place, or where the clinic's schema is missing."""
    shard = options.shard or route.shard
    if shard != route.shard or not has_schema(route):
        return clinic_restore_lost(
            installation,
            route=route,
            chain=chain,
            shard=shard,
            until=options.at,
            progress=progress,
        )
    return clinic_restore(
        installation, route=route, chain=chain, until=options.at, progress=progress
    )


def _as_new(
    installation: Installation,
    options: RestoreOptions,
    chain: tuple[Signed, ...],
    progress: StepsProgress,
) -> dict[str, Any]:
    """Restore as a clinic that the directory doesn't have."""
    if options.dry_run or options.only:
        raise CommandError("--dry-run and --only compare with a clinic that is there.")

    last = chain[-1].manifest
    schema = options.as_schema or last.schema_name
    origin = last.origin.shard
    shard = options.shard or (origin if origin in settings.DATABASES else "")
    if not shard:
        raise CommandError(f"There is no shard {origin} here. Say --shard.")

    beside = _domain_beside(last.facts, schema) if options.as_schema else ""
    clinic, restored = clinic_restore_as(
        installation,
        chain=chain,
        schema=schema,
        shard=shard,
        name=options.name or "",
        domain=options.domain or beside,
        clinic_id=None if options.as_schema else last.clinic_id,
        until=options.at,
        progress=progress,
    )

    with platform_scope():
        said = {"clinic": clinic.schema_name, "shard": shard, "domains": domains_of(clinic)}
    return said | {"status": clinic.status} | restored.as_json()


def _beside(
    installation: Installation,
    options: RestoreOptions,
    chain: tuple[Signed, ...],
    route: ClinicRoute,
    progress: StepsProgress,
) -> dict[str, Any]:
    """Say what would change, or bring single rows back. Nothing is replaced."""
    recover(route.shard)

    with server_failures():
        with staged(installation, chain, route, until=options.at, progress=progress) as staging:
            said: dict[str, Any] = {"reached": staging.reached.isoformat()}
            if options.dry_run:
                found = differences(staging, route.schema)
                return said | {"would_change": [asdict(one) for one in found]}

            column, _, value = (options.where or "").partition("=")
            rows = rows_bring_back(
                staging=staging,
                route=route,
                table=options.only or "",
                column=column,
                value=value,
            )
            return said | {"rows": rows}


def _domain_beside(record: DirectoryRecord, schema: str) -> str:
    """A host name for a copy, beside the clinic's own."""
    primary = next(iter(record.domains), "")
    return f"{schema.replace('_', '-')}.{primary.partition('.')[2]}"
