"""Look-ups in the directory, cached for a short while and dropped on change.

A cached route may be stale for a moment; the epoch row of the clinic's schema then refuses it.
"""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import OperationalError

from tenants.context import ClinicRoute, platform_scope
from tenants.errors import ClinicClosed, ClinicNotFound, DirectoryUnavailable
from tenants.models import Clinic

CACHE_SECONDS = 60


def route_by_host(host: str) -> ClinicRoute:
    """The clinic that answers to this host name (lower case, without port).

    Raises ClinicNotFound or ClinicClosed.
    """
    return _cached(f"route:host:{host}", domains__domain=host)


def route_by_id(clinic_id: UUID) -> ClinicRoute:
    """The clinic with this id. Raises ClinicNotFound or ClinicClosed."""
    return _cached(f"route:id:{clinic_id}", id=clinic_id)


def route_by_schema(schema: str) -> ClinicRoute:
    """The clinic with this schema name, read from the directory and not from the cache.

    Raises ClinicNotFound or ClinicClosed.
    """
    with platform_scope():
        return _open_route(Clinic.objects.filter(schema_name=schema).first())


def forget_routes(clinic: Clinic) -> None:
    """Drop the clinic's cached routes; call it after the commit of any change to the clinic."""
    forget_route(clinic.id, *clinic.domains.values_list("domain", flat=True))


def forget_route(clinic_id: UUID, *hosts: str) -> None:
    """Drop one clinic's cached route, by id and by these hosts."""
    cache.delete_many([f"route:id:{clinic_id}", *(f"route:host:{host}" for host in hosts)])


def _cached(key: str, **condition: Any) -> ClinicRoute:
    kept = cache.get(key)
    if kept:
        return ClinicRoute(**kept)

    try:
        with platform_scope():
            clinic = Clinic.objects.filter(**condition).first()
    except OperationalError as error:
        raise DirectoryUnavailable from error

    route = _open_route(clinic)
    cache.set(key, asdict(route), CACHE_SECONDS)
    return route


def _open_route(clinic: Clinic | None) -> ClinicRoute:
    if clinic is None:
        raise ClinicNotFound
    if clinic.status != Clinic.Status.ACTIVE:
        raise ClinicClosed(schema=clinic.schema_name)
    return clinic.route
