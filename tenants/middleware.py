"""Finds the clinic of a request and runs the request inside it. Default: refuse.

A host name belongs to a clinic, to the platform (PUBLIC_HOSTS) or to the shared API (API_HOSTS),
where `X-Tenant-ID` names the clinic by its id.
"""

import sys
from collections.abc import Callable
from uuid import UUID

import structlog
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import connections
from django.db.utils import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.urls import set_urlconf

from core.api.handlers import refusal_response
from core.api.handlers import server_error as defect_response
from core.errors import FisioFlowError
from tenants.context import (
    ClinicRoute,
    clinic_scope,
    current_clinic,
    current_scope,
    platform_scope,
)
from tenants.directory import forget_route, route_by_host, route_by_id
from tenants.errors import ClinicNotFound, ShardUnavailable, StaleRoute

TENANT_HEADER = "X-Tenant-ID"


class ClinicMiddleware:
    """Enters the clinic's scope (or the platform's) around everything behind it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            host = _host_of(request)
        except DisallowedHost:
            host = ""

        if host in settings.PUBLIC_HOSTS:
            return self._on_platform(request)

        try:
            route = self._route(request, host)
        except FisioFlowError as refusal:
            response = refusal_response(request, refusal)
            if response is None:
                raise
            return response

        _use(request, settings.API_URLCONF if host in settings.API_HOSTS else settings.ROOT_URLCONF)
        with clinic_scope(route), structlog.contextvars.bound_contextvars(clinic=route.schema):
            response = self.get_response(request)

        if response.status_code == StaleRoute.status:  # REST framework may have answered it already
            forget_route(route.clinic_id, host)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a refusal that a view raised, or a shard that went away under it."""
        return _answer(request, error)

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


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: a refusal that a middleware behind this one raised, or a defect."""
    error = sys.exc_info()[1]
    return _answer(request, error) or defect_response(request)


def _answer(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    if not isinstance(error, FisioFlowError) and _shard_is_gone(error):
        error = ShardUnavailable(shard=current_clinic().shard)
    if not isinstance(error, FisioFlowError):
        return None
    return refusal_response(request, error)


def _shard_is_gone(error: BaseException | None) -> bool:
    scope = current_scope()
    if not isinstance(error, OperationalError | InterfaceError) or not scope or not scope.clinic:
        return False

    connection = connections[scope.clinic.shard]
    if connection.connection is None or connection.is_usable():
        return False
    connection.close()
    return True


def _host_of(request: HttpRequest) -> str:
    return split_domain_port(request.get_host())[0]


def _use(request: HttpRequest, urlconf: str) -> None:
    request.urlconf = urlconf
    set_urlconf(urlconf)
