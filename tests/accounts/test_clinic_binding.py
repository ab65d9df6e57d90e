"""Whatever norte issued means nothing at sul, whatever the two schemas hold."""

from uuid import UUID

import pytest
from django.contrib.sessions.models import Session
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import TokenFamily, User
from accounts.sessions import token_issue
from audit.models import Event
from tenants.context import ClinicRoute, clinic_scope
from tenants.errors import CrossClinicAccess
from tests.accounts.conftest import Phones
from tests.conftest import PASSWORD
from tests.people import Api, Everybody

SUL = "sul.localhost"


@pytest.fixture
def twin(people: Everybody, norte: ClinicRoute, sul: ClinicRoute) -> User:
    """Somebody at sul with the id, the e-mail and the password hash of norte's owner."""
    with clinic_scope(norte):
        fields = User.objects.filter(pk=people.norte.owner.pk).values().get()
    with clinic_scope(sul):
        made: User = User.objects.create(**fields)
    return made


def copy_sign_in(source: ClinicRoute, target: ClinicRoute) -> UUID:
    """Put the newest sign-in of one clinic into the other one's schema; returns its id."""
    with clinic_scope(source):
        row = TokenFamily.objects.order_by("-created_at").values()[0]
    with clinic_scope(target):
        TokenFamily.objects.create(**row)
    key: UUID = row["id"]
    return key


def test_no_token_of_norte_opens_sul_even_for_a_twin_with_the_same_sign_in_row(
    phone: Phones, people: Everybody, twin: User, norte: ClinicRoute, sul: ClinicRoute
) -> None:
    at_norte = phone(people.norte.owner)
    copied = copy_sign_in(norte, sul)
    at_sul = phone(SUL)

    for refused in (
        at_sul.me(at_norte.access),
        at_sul.renew(at_norte.refresh),
        at_sul.sign_out(at_norte.refresh),
    ):
        assert refused.status_code == 401
        assert refused.json()["code"] == "token_invalid"

    with clinic_scope(sul):  # and nothing there has moved
        family = TokenFamily.objects.get(pk=copied, user_id=twin.pk)
        assert (family.generation, family.revoked_at) == (0, None)

    assert at_norte.me().status_code == 200
    assert at_norte.renew().status_code == 200


def test_the_twin_has_a_sign_in_of_their_own(phone: Phones, people: Everybody, twin: User) -> None:
    at_norte, at_sul = phone(people.norte.owner), phone(SUL)
    assert at_sul.sign_in(twin.email).status_code == 200
    assert at_sul.sign_out().status_code == 204
    assert at_sul.renew().status_code == 401
    assert at_norte.renew().status_code == 200


def test_a_foreign_token_costs_the_clinic_no_query_but_the_trails(
    phone: Phones, people: Everybody
) -> None:
    at_norte, at_sul = phone(people.norte.owner), phone(SUL)

    with CaptureQueriesContext(connections["shard_2"]) as asked:
        assert at_sul.me(at_norte.access).status_code == 401

    *entering, recording = [query["sql"] for query in asked]
    assert 'INSERT INTO "audit_event"' in recording
    assert not [sql for sql in entering if "set_config" not in sql]


def test_on_the_shared_host_the_header_names_the_clinic_and_the_token_must_fit(
    phone: Phones, people: Everybody, twin: User, norte: ClinicRoute, sul: ClinicRoute
) -> None:
    at_norte = phone(people.norte.owner)
    shared = phone("api.localhost", HTTP_X_TENANT_ID=str(norte.clinic_id))

    assert shared.me(at_norte.access).status_code == 200

    wrong = phone("api.localhost", HTTP_X_TENANT_ID=str(sul.clinic_id))
    assert wrong.me(at_norte.access).status_code == 401
    assert wrong.renew(at_norte.refresh).status_code == 401
    assert wrong.sign_out(at_norte.refresh).status_code == 401
    assert shared.renew(at_norte.refresh).status_code == 200


@pytest.mark.parametrize(
    "tenant", [None, "", "norte", "0", "01a20948-3bd8-7495-af77-87bfa6d71af9", "';--"]
)
def test_on_the_shared_host_a_clinic_must_be_named(
    tenant: str | None, phone: Phones, people: Everybody
) -> None:
    at_norte = phone(people.norte.owner)
    headers = {} if tenant is None else {"HTTP_X_TENANT_ID": tenant}
    refused = phone("api.localhost", **headers).me(at_norte.access)
    assert refused.status_code == 404
    assert refused.json()["code"] == "clinic_not_found"


def test_on_a_clinics_own_host_the_header_changes_nothing(
    phone: Phones, people: Everybody, norte: ClinicRoute, sul: ClinicRoute
) -> None:
    at_norte, at_sul = phone(people.norte.owner), phone(people.sul.owner)
    disguised = phone("norte.localhost", HTTP_X_TENANT_ID=str(sul.clinic_id))
    assert disguised.me(at_norte.access).json()["clinic"]["id"] == str(norte.clinic_id)
    assert disguised.me(at_sul.access).status_code == 401


def test_the_admin_is_not_on_the_shared_host(api: Api, norte: ClinicRoute) -> None:
    shared = api(None, "api.localhost", HTTP_X_TENANT_ID=str(norte.clinic_id))
    assert shared.get("/admin/").status_code == 404
    assert shared.get("/").status_code == 404


@pytest.mark.parametrize("host", ["nobody.localhost", "norte.sul.localhost", "norte.example"])
def test_a_host_of_no_clinic_answers_nothing(host: str, phone: Phones, people: Everybody) -> None:
    at_norte = phone(people.norte.owner)
    refused = phone(host).me(at_norte.access)
    assert refused.status_code in (400, 404)
    assert refused["Content-Type"] == "application/problem+json"


def test_a_session_of_nortes_admin_opens_nothing_at_suls_even_for_a_twin(
    api: Api, people: Everybody, twin: User, norte: ClinicRoute
) -> None:
    at_norte, at_sul = api(None), api(None, SUL)
    with clinic_scope(norte):
        at_norte.force_login(people.norte.owner)

    assert at_norte.get("/admin/").status_code == 200
    assert all(not morsel["domain"] for morsel in at_norte.cookies.values())

    at_sul.cookies = at_norte.cookies
    answer = at_sul.get("/admin/")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")


def test_a_token_made_for_one_clinic_in_code_is_refused_in_another(
    people: Everybody, norte: ClinicRoute, sul: ClinicRoute
) -> None:
    """The sign-in itself refuses an object of another clinic (H7)."""
    with clinic_scope(sul), pytest.raises((CrossClinicAccess, ValueError)):
        token_issue(user=people.norte.owner)


def test_a_copied_session_still_belongs_to_the_clinic_that_it_began_in(
    people: Everybody, norte: ClinicRoute, sul: ClinicRoute
) -> None:
    """As in a restored copy of a schema: the same session row, the same person, another clinic."""
    client = Client(SERVER_NAME="norte.localhost")
    client.post("/admin/login/", {"username": people.norte.owner.email, "password": PASSWORD})
    key = client.cookies["session"].value
    with clinic_scope(norte):
        row = Session.objects.values("session_data", "expire_date").get(session_key=key)
        owner = User.objects.filter(pk=people.norte.owner.pk).values().get()
    with clinic_scope(sul):
        Session.objects.create(session_key=key, **row)
        User.objects.create(**owner | {"email": "copy@sul.example"})
    copied = Client(SERVER_NAME="sul.localhost")
    copied.cookies["session"] = key

    assert copied.get("/admin/")["Location"].startswith("/admin/login/")
    with clinic_scope(sul):
        assert Event.objects.get().details["code"] == "token_invalid"
    assert client.get("/admin/").status_code == 200
