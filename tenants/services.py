"""Everything that can happen to a clinic as a whole: created, closed, reopened, given a domain.

`acting_user` None is the system: a command, a task, a restore.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connections, transaction
from django.db.utils import ProgrammingError

from core.errors import Conflict, FieldError
from tenants.access import ActingUser, require_staff
from tenants.context import (
    DIRECTORY,
    TEMPLATE_SCHEMA,
    ClinicRoute,
    check_clinic_name,
    clinic_scope,
    maintenance_scope,
)
from tenants.directory import forget_route, forget_routes
from tenants.errors import (
    ClinicExists,
    ClinicNotFound,
    PrimaryDomain,
    ShardNotEmpty,
    UnknownShard,
)
from tenants.models import Clinic, Domain, Shard
from tenants.placement import place
from tenants.postgresql.owner import as_owner
from tenants.schemas import create_clinic_schema, write_epoch


def clinic_create(
    *,
    acting_user: ActingUser | None,
    schema_name: str,
    name: str,
    domain: str,
    plan: str = Clinic.Plan.STARTER,
    time_zone: str = "America/Sao_Paulo",
    state: str = "",
    shard: str | None = None,
    clinic_id: UUID | None = None,
    build: Callable[[ClinicRoute], None] = create_clinic_schema,
    populate: Callable[[ClinicRoute], None] | None = None,
) -> Clinic:
    """Create the clinic: its row, its domain and its schema, or nothing at all.

    `build` makes the schema, with the owner's rights, in a transaction on the shard; a restore
    brings its own, and the `clinic_id` of a clinic that the directory has lost. `populate` runs
    inside the new clinic, in that transaction (the owner's account is made there).

    Raises NotOfTheStaff, InvalidSchemaName, FieldError, ClinicExists, NoOpenShard, UnknownShard,
    TemplateMissing.
    """
    require_staff(acting_user, "add_clinic")
    check_clinic_name(schema_name)
    clinic = Clinic(
        schema_name=schema_name, name=name.strip(), plan=plan, time_zone=time_zone, state=state
    )
    clinic.id = clinic_id or clinic.id

    with transaction.atomic(using=DIRECTORY):
        clinic.shard = _shard_for(clinic, shard)
        _save_new(clinic, Domain(domain=domain.strip().lower(), tenant=clinic, is_primary=True))

        # The names are taken now, in an open transaction. The shard commits first and the directory
        # at once after it: a crash between the two leaves an unlisted schema, which the next try
        # reports (ClinicExists), and never a listed clinic without data.
        with as_owner(clinic.shard_id), transaction.atomic(using=clinic.shard_id):
            _build(clinic.route, build)
            if populate:
                with clinic_scope(clinic.route):
                    populate(clinic.route)

    forget_routes(clinic)
    return clinic


def clinic_update(
    *, acting_user: ActingUser | None, schema_name: str, changes: Mapping[str, str]
) -> Clinic:
    """Change `name`, `plan`, `time_zone` or `state`.

    Raises NotOfTheStaff, ClinicNotFound, FieldError.
    """
    if unknown := changes.keys() - {"name", "plan", "time_zone", "state"}:
        raise TypeError(f"clinic_update takes no {', '.join(sorted(unknown))}")
    require_staff(acting_user, "change_clinic")

    with transaction.atomic(using=DIRECTORY):
        clinic = _locked(schema_name)
        for field, value in changes.items():
            setattr(clinic, field, value.strip())
        _validated(clinic, exclude={"schema_name"})
        clinic.save(update_fields=[*changes, "updated_at"])

    transaction.on_commit(partial(forget_routes, clinic), using=DIRECTORY)
    return clinic


def clinic_close(*, acting_user: ActingUser | None, schema_name: str) -> Clinic:
    """Close the clinic: its records stay; sign-in and API are refused from now on.

    Raises NotOfTheStaff, ClinicNotFound.
    """
    require_staff(acting_user, "change_clinic")
    return _set_status(schema_name, Clinic.Status.CLOSED, epoch_state="closed")


def clinic_reopen(*, acting_user: ActingUser | None, schema_name: str) -> Clinic:
    """Open a closed clinic again. Raises NotOfTheStaff, ClinicNotFound."""
    require_staff(acting_user, "change_clinic")
    return _set_status(schema_name, Clinic.Status.ACTIVE, epoch_state="open")


def clinic_relocate(*, acting_user: ActingUser | None, route: ClinicRoute, shard: str) -> Clinic:
    """Record that the clinic lives on another shard from now on, in its next epoch.

    Routes of the epoch before are refused everywhere. Raises NotOfTheStaff, and Conflict when the
    clinic has left the place that `route` names.
    """
    require_staff(acting_user, "change_clinic")
    moved = Clinic.objects.filter(id=route.clinic_id, shard_id=route.shard, epoch=route.epoch)
    if not moved.update(shard_id=shard, epoch=route.epoch + 1):
        raise Conflict(schema=route.schema)

    clinic: Clinic = Clinic.objects.get(id=route.clinic_id)
    transaction.on_commit(partial(forget_routes, clinic), using=DIRECTORY)
    return clinic


def domain_add(*, acting_user: ActingUser | None, schema_name: str, domain: str) -> Domain:
    """Let the clinic answer to one more host name.

    Raises NotOfTheStaff, ClinicNotFound, ClinicExists.
    """
    require_staff(acting_user, "add_domain")
    with transaction.atomic(using=DIRECTORY):
        clinic = _locked(schema_name)
        added = Domain(domain=domain.strip().lower(), tenant=clinic, is_primary=False)
        _validated(added)
        try:
            with transaction.atomic(using=DIRECTORY):
                added.save()
        except IntegrityError as error:
            raise ClinicExists(domain=added.domain) from error

    forget_routes(clinic)
    return added


def domain_remove(*, acting_user: ActingUser | None, domain: str) -> None:
    """Let the clinic answer to this host name no more.

    Raises NotOfTheStaff, and PrimaryDomain for its main one.
    """
    require_staff(acting_user, "delete_domain")
    with transaction.atomic(using=DIRECTORY):
        for row in Domain.objects.select_for_update().filter(domain=domain):
            if row.is_primary:
                raise PrimaryDomain(domain=domain)
            row.delete()
            transaction.on_commit(partial(forget_route, row.tenant_id, domain), using=DIRECTORY)


def shard_update(
    *, acting_user: ActingUser | None, alias: str, changes: Mapping[str, Any]
) -> Shard:
    """Change `state` or `weight` of a shard.

    Raises NotOfTheStaff, FieldError, and ShardNotEmpty when closing.
    """
    if unknown := changes.keys() - {"state", "weight"}:
        raise TypeError(f"shard_update takes no {', '.join(sorted(unknown))}")
    require_staff(acting_user, "change_shard")

    with transaction.atomic(using=DIRECTORY):
        # The lock and a placement take turns: no clinic comes in between the look and the change.
        shard = Shard.objects.select_for_update().get(alias=alias)
        for field, value in changes.items():
            setattr(shard, field, value)
        _validated(shard)
        if shard.state == Shard.State.CLOSED and shard.clinics.exists():
            raise ShardNotEmpty(shard=alias)
        shard.save(update_fields=[*changes, "updated_at"])

    return shard


def shards_register(*, acting_user: ActingUser | None) -> list[Shard]:
    """Give every configured shard its row in the directory; returns the new ones.

    Raises NotOfTheStaff.
    """
    require_staff(acting_user, "add_shard")
    aliases = [alias for alias in settings.DATABASES if alias != DIRECTORY]
    rows = [Shard.objects.get_or_create(alias=alias) for alias in sorted(aliases)]
    return [shard for shard, created in rows if created]


def _shard_for(clinic: Clinic, wanted: str | None) -> Shard:
    # Locked against a change of state; the weights of the others may move meanwhile, harmlessly.
    shards = {s.alias: s for s in Shard.objects.select_for_update(of=("self",)).order_by("alias")}
    usable = {
        alias: s
        for alias, s in shards.items()
        if s.state == Shard.State.OPEN and alias in settings.DATABASES
    }

    if wanted is None:
        return usable[place(clinic.id, {alias: s.weight for alias, s in usable.items()})]
    if wanted not in usable:
        raise UnknownShard(wanted)
    return usable[wanted]


def _save_new(clinic: Clinic, domain: Domain) -> None:
    _validated(clinic, exclude={"schema_name"})
    _validated(domain, exclude={"tenant"})
    try:
        with transaction.atomic(using=DIRECTORY):
            clinic.save(force_insert=True)
            domain.save(force_insert=True)
    except IntegrityError as error:
        raise ClinicExists(schema=clinic.schema_name, domain=domain.domain) from error


def _validated(row: Clinic | Domain | Shard, exclude: set[str] | None = None) -> None:
    """Check the fields' rules only; uniqueness is left to the database, which no race deceives."""
    try:
        row.clean_fields(exclude=exclude)
        row.clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise FieldError(field, "invalid", str(messages[0])) from error


def _build(route: ClinicRoute, build: Callable[[ClinicRoute], None]) -> None:
    try:
        build(route)
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", "") != "42P06":  # duplicate_schema
            raise
        raise ClinicExists(
            "The shard already has a schema of this name, which the directory doesn't list."
            " Look into it before you remove it.",
            schema=route.schema,
            shard=route.shard,
        ) from error


def _locked(schema_name: str) -> Clinic:
    clinic: Clinic | None = (
        Clinic.objects.select_for_update().filter(schema_name=schema_name).first()
    )
    if clinic is None:
        raise ClinicNotFound(schema=schema_name)
    return clinic


def _set_status(schema_name: str, status: Clinic.Status, *, epoch_state: str) -> Clinic:
    with transaction.atomic(using=DIRECTORY):
        clinic = _locked(schema_name)
        clinic.status = status
        clinic.save(update_fields=["status", "updated_at"])

        route = clinic.route
        with (
            as_owner(route.shard),
            maintenance_scope(TEMPLATE_SCHEMA),
            transaction.atomic(using=route.shard),
            connections[route.shard].cursor() as cursor,
        ):
            write_epoch(cursor, route.schema, route.clinic_id, route.epoch, epoch_state)

    transaction.on_commit(partial(forget_routes, clinic), using=DIRECTORY)
    return clinic
