"""Browsers of the two admins, and what their pages show."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tenants.context import ClinicRoute, platform_scope
from tests.people import Everybody

PEOPLE = "/admin/accounts/user/"
STRONG = "pilates na segunda"


def browser(person: User, host: str) -> Client:
    client = Client(SERVER_NAME=host)
    client.force_login(person)
    return client


@pytest.fixture
def owner(people: Everybody, in_norte: ClinicRoute) -> Client:
    return browser(people.norte.owner, "norte.localhost")


@pytest.fixture
def manager(people: Everybody, in_norte: ClinicRoute) -> Client:
    return browser(people.norte.manager, "norte.localhost")


@pytest.fixture
def root(people: Everybody) -> User:
    with platform_scope():
        made: User = User.objects.create_superuser(
            "root@fisioflow.example", STRONG, full_name="Root"
        )
    return made


@pytest.fixture
def staff(root: User) -> Client:
    with platform_scope():
        return browser(root, "localhost")


def page_of(person: User) -> str:
    return f"{PEOPLE}{person.pk}/change/"


def form_of(answer: Any) -> Any:
    assert answer.status_code == 200
    return shown(answer)["adminform"].form


def shown(answer: Any) -> dict[str, Any]:
    """The context that the page was rendered with."""
    context: dict[str, Any] = answer.context_data
    return context
