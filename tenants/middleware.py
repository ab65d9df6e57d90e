"""Finds the clinic of a request and runs the request inside it. Default: refuse.

A host name belongs to a clinic, to the platform (PUBLIC_HOSTS) or to the shared API (API_HOSTS),
where `X-Tenant-ID` names the clinic by its id.
"""

from collections.abc import Callable
from uuid import UUID

import structlog
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import connections
from django.db.utils import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import set_urlconf

from fisioflow.errors import FisioFlowError
from fisioflow.refusals import refusal_response
from tenants.context import ClinicRoute, clinic_scope, current_scope, platform_scope
from tenants.directory import route_by_host, route_by_id
from tenants.errors import ClinicNotFound, ShardUnavailable

TENANT_HEADER = "X-Tenant-ID"


class ClinicMiddleware:
    """Enters the clinic's scope (or the platform's) around everything behind it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            host = request.get_host().rsplit(":", 1)[0].lower()
        except DisallowedHost:
            return refusal_response(request, ClinicNotFound())
        if host in settings.PUBLIC_HOSTS:
            return self._on_platform(request)
        try:
            route = self._route(request, host)
        except FisioFlowError as refusal:
            _use(request, settings.ROOT_URLCONF)
            return refusal_response(request, refusal)
        _use(request, settings.API_URLCONF if host in settings.API_HOSTS else settings.ROOT_URLCONF)
        request.clinic = route  # type: ignore[attr-defined]
        with clinic_scope(route), structlog.contextvars.bound_contextvars(clinic=route.schema):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer what a view raised on purpose, and a shard that went away under it."""
        refusal = as_refusal(error)
        return refusal_response(request, refusal) if refusal else None

    def _on_platform(self, request: HttpRequest) -> HttpResponse:
        _use(request, settings.PUBLIC_URLCONF)
        with platform_scope():
            return self.get_response(request)

    @staticmethod
    def _route(request: HttpRequest, host: str) -> ClinicRoute:
        if host not in settings.API_HOSTS:
            return route_by_host(host)
        try:
            return route_by_id(UUID(request.headers.get(TENANT_HEADER, "")))
        except ValueError as error:
            raise ClinicNotFound from error


def as_refusal(error: BaseException | None) -> FisioFlowError | None:
    """The refusal that an exception stands for; None for a defect, which is answered with 500."""
    if isinstance(error, FisioFlowError):
        return error
    scope = current_scope()
    lost = isinstance(error, OperationalError | InterfaceError)
    if not lost or scope is None or scope.clinic is None:
        return None
    connection = connections[scope.clinic.shard]
    if connection.connection is not None and not connection.is_usable():
        connection.close()
        return ShardUnavailable(shard=scope.clinic.shard)
    return None


def _use(request: HttpRequest, urlconf: str) -> None:
    request.urlconf = urlconf  # type: ignore[attr-defined]
    set_urlconf(urlconf)
