"""The endpoint table (`tests/endpoints.py`) leaves out no URL of the URL confs."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

from accounts.authentication import ClinicTokenAuthentication
from accounts.permissions import ByRole
from tests import endpoints
from tests.endpoints import plain, rows

pytestmark = pytest.mark.without_database
API = rows(endpoints.API)
CLINIC_ADMIN = [
    *rows(endpoints.CLINIC_ADMIN, endpoints.CLINIC_MODELS),
    *rows(endpoints.KEPT_ADMIN, endpoints.KEPT_MODELS),
]
PLATFORM_ADMIN = rows(endpoints.PLATFORM_ADMIN, endpoints.PLATFORM_MODELS)


def routes(urlconf: str) -> Iterator[tuple[str, Any]]:
    """Every route of a URL conf, as the table writes it, with its view."""

    def walk(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, Any]]:
        for found in resolver.url_patterns:
            route = prefix + str(found.pattern)
            if isinstance(found, URLPattern):
                yield "/" + plain(route), found.callback
            else:
                yield from walk(found, route)

    return walk(get_resolver(urlconf), "")


def methods_of(route: str, view: Any) -> set[str]:
    """The methods that a view takes. Django's admin doesn't say: its pages take GET and POST."""
    if route.startswith("/admin/"):
        return {"GET", "POST"}

    given = getattr(view, "view_initkwargs", None) or view.initkwargs
    view_class = getattr(view, "cls", None) or view.view_class
    names = given.get("http_method_names", view_class.http_method_names)
    served = getattr(view, "actions", None) or {n for n in names if hasattr(view_class, n)}
    return {name.upper() for name in served if name in names} - {"HEAD", "OPTIONS"}


def table_of(urlconf: str) -> set[tuple[str, str]]:
    """Method and route of every row that belongs to a URL conf."""
    api = {(row.method, f"/api/v1/{row.route}") for row in API}
    clinic = api | {(row.method, row.route) for row in CLINIC_ADMIN}
    platform = {(row.method, row.route) for row in PLATFORM_ADMIN}

    return {
        settings.ROOT_URLCONF: clinic,
        settings.API_URLCONF: api,
        settings.PUBLIC_URLCONF: platform,
    }[urlconf]


URLCONFS = [settings.ROOT_URLCONF, settings.API_URLCONF, settings.PUBLIC_URLCONF]
API_VIEWS = [(r, v) for r, v in routes(settings.API_URLCONF) if hasattr(v, "cls")]


@pytest.mark.parametrize("urlconf", URLCONFS)
def test_every_url_has_its_rows(urlconf: str) -> None:
    served = {(m, route) for route, view in routes(urlconf) for m in methods_of(route, view)}
    written = table_of(urlconf)

    assert not served - written, (
        f"{urlconf} serves what no row of tests/endpoints.py expects: {sorted(served - written)}."
        " Add a row to the table there that says what each asker gets (and for a new model of an"
        " admin, its name to the list below the table), and a body to tests/bodies.py."
    )
    assert not written - served, (
        f"tests/endpoints.py has rows that {urlconf} doesn't serve: {sorted(written - served)}."
        " Take them out, or repair the route."
    )


@pytest.mark.parametrize(("route", "view"), API_VIEWS, ids=[route for route, _ in API_VIEWS])
def test_every_view_of_the_api_asks_for_a_token_unless_it_is_listed_as_open(
    route: str, view: Any
) -> None:
    asks: type[APIView] = view.cls
    # An action of a viewset may have its own.
    authentication = view.initkwargs.get("authentication_classes", asks.authentication_classes)
    permission = view.initkwargs.get("permission_classes", asks.permission_classes)

    if plain(route.removeprefix("/api/v1/")) in endpoints.OPEN:
        assert list(authentication) == []
        return

    assert list(authentication) == [ClinicTokenAuthentication]
    assert list(permission) == [ByRole]


@pytest.mark.parametrize(("route", "view"), API_VIEWS, ids=[route for route, _ in API_VIEWS])
def test_every_action_of_the_api_names_its_roles(route: str, view: Any) -> None:
    if plain(route.removeprefix("/api/v1/")) in endpoints.OPEN:
        return

    named: dict[str, Any] = getattr(view.cls, "roles", {})
    actions = set(view.actions.values() if hasattr(view, "actions") else ["get"])
    without_roles = {name for name in actions if not named.get(name)}

    assert not without_roles, (
        f"{view.cls.__name__}.roles names no roles for {sorted(without_roles)}, so everybody is"
        " refused. Add a row for each to the view's `roles`."
    )


def test_no_view_keeps_roles_of_an_action_that_is_gone() -> None:
    for view_class in {view.cls for _, view in API_VIEWS if getattr(view.cls, "roles", None)}:
        lost = {name for name in view_class.roles if not hasattr(view_class, name)}
        assert not lost, f"{view_class.__name__}.roles: take out {sorted(lost)}"
