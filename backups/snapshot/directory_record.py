"""What the directory knows about a clinic. A manifest holds it, for an empty installation."""

from contextlib import suppress
from uuid import UUID

from django.db import connections

from backups.format.manifests import DirectoryRecord
from tenants.context import DIRECTORY, ClinicRoute, platform_scope
from tenants.models import Clinic


def directory_record_of(route: ClinicRoute) -> DirectoryRecord:
    """The clinic's record as it is now. Raises Clinic.DoesNotExist."""
    with platform_scope():
        clinic = Clinic.objects.get(id=route.clinic_id)
        return DirectoryRecord(
            name=clinic.name,
            plan=clinic.plan,
            time_zone=clinic.time_zone,
            state=clinic.state,
            closed=clinic.status == Clinic.Status.CLOSED,
            domains=domains_of(clinic),
        )


def domains_of(clinic: Clinic) -> tuple[str, ...]:
    """The clinic's host names, its primary one first."""
    rows = clinic.domains.order_by("-is_primary", "domain")
    return tuple(rows.values_list("domain", flat=True))


def has_directory() -> bool:
    """Whether the directory has its tables. A new installation to restore onto may have none."""
    return Clinic._meta.db_table in connections[DIRECTORY].introspection.table_names()


def clinic_in_directory(named: str) -> Clinic | None:
    """The clinic of this schema name or id, if the directory has one."""
    wanted: dict[str, UUID | str] = {"schema_name": named}
    with suppress(ValueError):
        wanted = {"id": UUID(named)}

    if not has_directory():
        return None

    with platform_scope():
        found: Clinic | None = Clinic.objects.select_related("shard").filter(**wanted).first()
        return found
