"""Who may change the directory: the platform's staff and the system, by every service."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from accounts import services as account_services
from accounts.models import Role, User
from tenants import services as directory_services
from tenants.context import ClinicRoute
from tenants.errors import NotOfTheStaff
from tenants.models import Domain, Shard
from tenants.services import (
    clinic_close,
    clinic_create,
    clinic_relocate,
    clinic_reopen,
    clinic_update,
    domain_add,
    domain_remove,
    shard_update,
    shards_register,
)

Write = Callable[..., object]
WRITES = [
    found
    for module in (account_services, directory_services)
    for name, found in inspect.getmembers(module, inspect.isfunction)
    if found.__module__ == module.__name__ and not name.startswith("_")
]


@pytest.fixture
def root(in_platform: None) -> User:
    made: User = User.objects.create_superuser("root@fisioflow.example", full_name="Root")
    return made


def attempts(norte: ClinicRoute) -> list[tuple[Write, dict[str, Any]]]:
    """Each service with arguments that it takes."""
    named = {"schema_name": "norte"}
    new = {"schema_name": "leste", "name": "Leste", "domain": "leste.localhost"}

    return [
        (clinic_create, new),
        (clinic_update, {**named, "changes": {"name": "Norte Fisio"}}),
        (clinic_close, named),
        (clinic_reopen, named),
        (clinic_relocate, {"route": norte, "shard": norte.shard}),
        (domain_add, {**named, "domain": "agenda.localhost"}),
        (domain_remove, {"domain": "agenda.localhost"}),
        (shard_update, {"alias": "shard_1", "changes": {"weight": 50}}),
        (shards_register, {}),
    ]


@pytest.mark.without_database
@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.__name__)
def test_every_write_takes_who_acts_first_and_without_a_default(write: Write) -> None:
    first = next(iter(inspect.signature(write).parameters.values()))

    assert first.name == "acting_user"
    assert first.kind is first.KEYWORD_ONLY
    assert first.default is first.empty


def test_a_clinics_people_change_nothing_in_the_directory(
    in_platform: None, norte: ClinicRoute
) -> None:
    for role in Role:
        person = User(role=role)
        for write, arguments in attempts(norte):
            with pytest.raises(NotOfTheStaff):
                write(acting_user=person, **arguments)

    assert not Domain.objects.filter(domain="agenda.localhost").exists()
    assert Shard.objects.get(alias="shard_1").weight == 100


def test_the_platforms_staff_do_what_their_admin_lets_them(root: User, norte: ClinicRoute) -> None:
    for write, arguments in attempts(norte):
        write(acting_user=root, **arguments)

    assert Shard.objects.get(alias="shard_1").weight == 50


def test_staff_who_left_change_nothing(root: User, norte: ClinicRoute) -> None:
    root.is_active = False

    for write, arguments in attempts(norte):
        with pytest.raises(NotOfTheStaff):
            write(acting_user=root, **arguments)
