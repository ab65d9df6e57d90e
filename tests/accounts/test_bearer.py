"""The `Authorization` header of the API."""

from typing import Any

import pytest
from django.db import connections
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.services import user_update
from tenants.context import ClinicRoute, clinic_scope
from tests.accounts.conftest import Phones
from tests.people import Api, Everybody

ME = "/api/v1/me"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "not_authenticated"),
        ("", "not_authenticated"),
        ("{access}", "not_authenticated"),
        ("Token {access}", "not_authenticated"),
        ("Basic b3duZXI6eA==", "not_authenticated"),
        ("Bearer", "token_invalid"),
        ("Bearer ", "token_invalid"),
        ("Bearer {access} {access}", "token_invalid"),
        ("Bearer {access}x", "token_invalid"),
        ("Bearer {refresh}", "token_invalid"),
        ("Bearer \xe9\xfc", "token_invalid"),
    ],
)
def test_a_header_without_one_good_token_is_refused(
    header: str | None, code: str, phone: Phones, people: Everybody
) -> None:
    owner = phone(people.norte.owner)
    given: dict[str, Any] = {}
    if header is not None:
        given["HTTP_AUTHORIZATION"] = header.format(access=owner.access, refresh=owner.refresh)
    refused = owner.client.get(ME, **given)

    assert refused.status_code == 401
    assert refused.json()["code"] == code
    assert refused["WWW-Authenticate"].startswith("Bearer")
    assert refused["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_letter_case_of_the_scheme_does_not_matter(
    scheme: str, phone: Phones, people: Everybody
) -> None:
    owner = phone(people.norte.owner)
    answer = owner.client.get(ME, HTTP_AUTHORIZATION=f"{scheme} {owner.access}")
    assert answer.status_code == 200


def test_a_session_of_the_admin_is_no_way_into_the_api(
    api: Api, people: Everybody, norte: ClinicRoute
) -> None:
    client = api(None)
    with clinic_scope(norte):
        client.force_login(people.norte.owner)
    assert client.get("/admin/").status_code == 200
    assert client.get(ME).status_code == 401


def test_a_deactivated_person_is_refused_at_once_with_the_token_still_running(
    phone: Phones, people: Everybody, in_norte: ClinicRoute
) -> None:
    manager = phone(people.norte.manager)

    assert manager.me().status_code == 200

    person = User.objects.get(pk=people.norte.manager.pk)
    user_update(acting_user=None, user=person, is_active=False)

    assert manager.me().status_code == 401

    user_update(acting_user=None, user=person, is_active=True)
    assert manager.me().status_code == 200


def test_a_changed_role_counts_from_the_next_request_on(
    phone: Phones, people: Everybody, in_norte: ClinicRoute
) -> None:
    manager = phone(people.norte.manager)
    person = User.objects.get(pk=people.norte.manager.pk)
    user_update(acting_user=None, user=person, role="patient")
    assert manager.me().json()["role"] == "patient"


def test_a_request_reads_its_person_once(
    phone: Phones,
    people: Everybody,
    norte: ClinicRoute,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    owner = phone(people.norte.owner)

    with django_assert_num_queries(2, connection=connections[norte.shard]):  # enter, read
        assert owner.me().status_code == 200
