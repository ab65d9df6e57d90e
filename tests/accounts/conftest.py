"""Ways in and out of the API, as a phone's app takes them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from tests.conftest import PASSWORD, route_of

ApiClients = Callable[..., APIClient]


@dataclass
class Phone:
    """An app on a phone: it keeps the newest pair of tokens that it was given."""

    client: APIClient
    access: str = ""
    refresh: str = ""

    def sign_in(self, email: str, password: str = PASSWORD) -> Any:
        """POST auth/token."""
        return self._keep(self.post("token", email=email, password=password))

    def renew(self, refresh: str | None = None) -> Any:
        """POST auth/refresh, with the newest refresh token unless told otherwise."""
        return self._keep(self.post("refresh", refresh=refresh or self.refresh))

    def sign_out(self, refresh: str | None = None) -> Any:
        """POST auth/revoke."""
        return self.post("revoke", refresh=refresh or self.refresh)

    def me(self, access: str | None = None) -> Any:
        """GET me, with the newest access token unless told otherwise."""
        return self.client.get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {access or self.access}")

    def post(self, way: str, **body: str) -> Any:
        """POST to one of the three ways."""
        return self.client.post(f"/api/v1/auth/{way}", body)

    def _keep(self, response: Any) -> Any:
        if response.status_code == 200:
            self.access, self.refresh = response.json()["access"], response.json()["refresh"]
        return response


@pytest.fixture
def phone() -> Callable[..., Phone]:
    """`phone("norte.localhost")`: a phone with that clinic's app, nobody signed in yet.

    `phone(person)`: the phone of that person, signed in.
    """

    def make(whose: User | str, **headers: Any) -> Phone:
        if isinstance(whose, str):
            return Phone(APIClient(SERVER_NAME=whose, **headers))
        host = f"{route_of(whose).schema.replace('_', '-')}.localhost"
        made = Phone(APIClient(SERVER_NAME=host, **headers))
        assert made.sign_in(whose.email).status_code == 200
        return made

    return make
