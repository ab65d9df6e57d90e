"""The ways into the API and out of it, as an app on a phone takes them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from tests.conftest import PASSWORD, route_of

if TYPE_CHECKING:  # the stubs' name for a test client's response
    from rest_framework.response import _MonkeyPatchedResponse as Answer


@dataclass
class Phone:
    """An app on a phone, which keeps the newest pair of tokens that it got."""

    client: APIClient
    access: str = ""
    refresh: str = ""

    def sign_in(self, email: str, password: str = PASSWORD) -> "Answer":
        """POST auth/token."""
        return self._keep(self.post("token", email=email, password=password))

    def renew(self, refresh: str | None = None) -> "Answer":
        """POST auth/refresh, with the newest refresh token unless told otherwise."""
        return self._keep(self.post("refresh", refresh=refresh or self.refresh))

    def sign_out(self, refresh: str | None = None) -> "Answer":
        """POST auth/revoke."""
        return self.post("revoke", refresh=refresh or self.refresh)

    def me(self, access: str | None = None) -> "Answer":
        """GET me, with the newest access token unless told otherwise."""
        return self.client.get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {access or self.access}")

    def post(self, way: str, **body: str) -> "Answer":
        """POST to auth/token, auth/refresh or auth/revoke."""
        return self.client.post(f"/api/v1/auth/{way}", body)

    def _keep(self, response: "Answer") -> "Answer":
        if response.status_code == 200:
            self.access, self.refresh = response.json()["access"], response.json()["refresh"]
        return response


class Phones(Protocol):
    """`phone("norte.localhost")`: a phone with that clinic's app, nobody signed in yet.

    `phone(person)`: the phone of that person, signed in.
    """

    def __call__(self, whose: User | str, **headers: Any) -> Phone: ...


@pytest.fixture
def phone() -> Phones:

    def make(whose: User | str, **headers: Any) -> Phone:
        if isinstance(whose, str):
            return Phone(APIClient(SERVER_NAME=whose, **headers))

        host = f"{route_of(whose).schema.replace('_', '-')}.localhost"
        made = Phone(APIClient(SERVER_NAME=host, **headers))

        assert made.sign_in(whose.email).status_code == 200
        return made

    return make
