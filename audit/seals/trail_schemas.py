"""The schemas that have a trail: each clinic's, and the directory's, for the platform's staff."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from tenants.context import DIRECTORY, ClinicRoute, clinic_scope, maintenance_scope, platform_scope
from tenants.errors import ClinicNotFound
from tenants.models import Clinic

PLATFORM = "public"  # the directory's schema; no clinic can have this name


@dataclass(frozen=True, slots=True)
class TrailSchema:
    """A schema with a trail, the database it is in, and whether people can enter it."""

    name: str
    alias: str
    route: ClinicRoute | None = None
    is_open: bool = True

    def scope(self) -> AbstractContextManager[Any]:
        """Enter the schema. A closed clinic opens for maintenance only, to be proven."""
        if self.route is None:
            return platform_scope()
        return clinic_scope(self.route) if self.is_open else maintenance_scope(self.name)


def trail_schemas(names: Sequence[str] = ()) -> list[TrailSchema]:
    """The schemas of these names, or all: clinics by name, the directory last.

    Raises ClinicNotFound when one of the names is unknown.
    """
    with platform_scope():
        clinics = Clinic.objects.order_by("schema_name")
        if names:
            clinics = clinics.filter(schema_name__in=names)

        found = [
            TrailSchema(
                name=clinic.schema_name,
                alias=clinic.route.shard,
                route=clinic.route,
                is_open=clinic.status == Clinic.Status.ACTIVE,
            )
            for clinic in clinics
        ]

    if not names or PLATFORM in names:
        found.append(TrailSchema(PLATFORM, DIRECTORY))
    if missing := set(names) - {one.name for one in found}:
        raise ClinicNotFound(schema=min(missing))

    return found
