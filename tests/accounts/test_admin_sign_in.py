"""The way into the two admins: the clinic's on its host, the platform's on the public one."""

from typing import TYPE_CHECKING

import pytest
from django.conf import LazySettings
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import User
from accounts.services import password_change, user_update
from tenants.context import ClinicRoute, clinic_scope, platform_scope
from tests.accounts.conftest import Phones
from tests.conftest import PASSWORD
from tests.people import Everybody

if TYPE_CHECKING:  # the stubs' name for a test client's response
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

LOGIN = "/admin/login/"
NORTE, PLATFORM = "norte.localhost", "localhost"


def sign_in(
    email: str, password: str = PASSWORD, *, host: str = NORTE, **more: str
) -> tuple[Client, "Answer"]:
    client = Client(SERVER_NAME=host)
    return client, client.post(LOGIN, {"username": email, "password": password, **more})


@pytest.fixture
def root(django_db_setup: None) -> User:
    """A member of the platform's staff."""
    with platform_scope():
        made: User = User.objects.create_superuser(
            "root@fisioflow.example", PASSWORD, full_name="Root"
        )
    return made


@pytest.mark.parametrize("role", ["owner", "manager"])
def test_owner_and_manager_get_in(role: str, people: Everybody) -> None:
    client, answer = sign_in(f"{role}@norte.example")
    assert answer.status_code == 302
    page = client.get("/admin/")
    assert page.status_code == 200
    assert client.get("/admin/patients/patient/").status_code == 200


@pytest.mark.parametrize("role", ["therapist", "receptionist", "patient"])
def test_the_other_roles_do_not_get_in(role: str, people: Everybody) -> None:
    client, answer = sign_in(f"{role}@norte.example")
    assert answer.status_code == 200  # the form again, with an error
    assert "sessionid" not in client.cookies
    assert "session" not in client.cookies
    assert client.get("/admin/")["Location"].startswith(LOGIN)


def test_the_other_clinics_owner_does_not_get_in(people: Everybody) -> None:
    client, _ = sign_in("owner@sul.example")
    assert client.get("/admin/")["Location"].startswith(LOGIN)


def test_the_platforms_staff_get_into_the_platforms_admin(root: User) -> None:
    client, answer = sign_in(root.email, host=PLATFORM)

    assert answer.status_code == 302
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/tenants/clinic/").status_code == 200
    assert client.get("/admin/patients/patient/").status_code == 404


def test_the_platforms_staff_get_into_no_clinics_admin(root: User) -> None:
    signed_in, _ = sign_in(root.email, host=PLATFORM)
    at_norte = Client(SERVER_NAME=NORTE)
    at_norte.cookies = signed_in.cookies

    assert at_norte.get("/admin/")["Location"].startswith(LOGIN)

    client, _ = sign_in(root.email, host=NORTE)
    assert client.get("/admin/")["Location"].startswith(LOGIN)


@pytest.mark.parametrize("role", ["owner", "manager", "therapist"])
def test_a_clinics_people_do_not_get_into_the_platforms_admin(role: str, people: Everybody) -> None:
    client, _ = sign_in(f"{role}@norte.example", host=PLATFORM)
    assert client.get("/admin/")["Location"].startswith(LOGIN)


def test_a_person_of_the_directory_who_is_not_staff_does_not_get_in(root: User) -> None:
    """A row like this is a mistake; it opens nothing."""
    with platform_scope():
        User.objects.create_user("x@fisioflow.example", PASSWORD, full_name="X", role="owner")
    client, _ = sign_in("x@fisioflow.example", host=PLATFORM)
    answer = client.get("/admin/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(LOGIN)


def test_too_many_attempts_are_refused_even_with_the_right_password(
    people: Everybody, settings: LazySettings, phone: Phones
) -> None:
    settings.SIGN_IN_ATTEMPTS_PER_MINUTE = 3
    for _ in range(2):
        sign_in("owner@norte.example", "wrong")

    # The API's attempts count together with the admin's.
    assert phone(NORTE).sign_in("owner@norte.example", "wrong").status_code == 401

    client, answer = sign_in("owner@norte.example")
    assert answer.status_code == 200
    assert answer.context["form"].has_error("__all__", "too_many_attempts")
    assert client.get("/admin/")["Location"].startswith(LOGIN)
    assert phone(NORTE).sign_in("owner@norte.example").status_code == 429

    _, answer = sign_in("manager@norte.example")
    assert answer.status_code == 302


def test_a_form_without_an_email_counts_and_shows_what_is_missing(people: Everybody) -> None:
    answer = Client(SERVER_NAME=NORTE).post(LOGIN, {"password": PASSWORD})
    assert answer.status_code == 200
    assert answer.context["form"].has_error("username", "required")


def test_signing_in_leads_nowhere_but_to_this_host(people: Everybody) -> None:
    _, answer = sign_in("owner@norte.example", next="https://evil.example/admin/")
    assert answer["Location"] == "/admin/"


def test_the_sign_in_is_kept_only_in_the_clinics_schema(
    people: Everybody, norte: ClinicRoute, sul: ClinicRoute
) -> None:
    client, _ = sign_in("owner@norte.example")
    key = client.cookies["session"].value

    with clinic_scope(norte):
        assert Session.objects.filter(session_key=key).exists()
    with clinic_scope(sul):
        assert not Session.objects.filter(session_key=key).exists()
    with platform_scope():
        assert not Session.objects.filter(session_key=key).exists()


def test_the_cookies_are_the_hosts_own_and_out_of_a_scripts_reach(people: Everybody) -> None:
    client, _ = sign_in("owner@norte.example")
    cookie = client.cookies["session"]
    assert cookie["domain"] == ""
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_signing_in_takes_a_fresh_session_key(people: Everybody) -> None:
    client = Client(SERVER_NAME=NORTE)
    client.cookies["session"] = "planted-by-somebody-else-123456"
    client.post(LOGIN, {"username": "owner@norte.example", "password": PASSWORD})
    assert client.cookies["session"].value != "planted-by-somebody-else-123456"


def test_a_post_without_the_forms_token_is_refused(people: Everybody) -> None:
    client = Client(SERVER_NAME=NORTE, enforce_csrf_checks=True)
    answer = client.post(LOGIN, {"username": "owner@norte.example", "password": PASSWORD})
    assert answer.status_code == 403


def test_a_new_password_ends_the_session(people: Everybody, in_norte: ClinicRoute) -> None:
    client, _ = sign_in("manager@norte.example")
    person = User.objects.get(pk=people.norte.manager.pk)
    password_change(acting_user=None, user=person, password="a new battery")

    assert client.get("/admin/")["Location"].startswith(LOGIN)

    _, answer = sign_in("manager@norte.example", "a new battery")
    assert answer.status_code == 302


def test_a_deactivation_ends_the_session(people: Everybody, in_norte: ClinicRoute) -> None:
    client, _ = sign_in("manager@norte.example")
    person = User.objects.get(pk=people.norte.manager.pk)
    user_update(acting_user=None, user=person, is_active=False)
    assert client.get("/admin/")["Location"].startswith(LOGIN)


def test_a_demoted_manager_is_out_at_once(people: Everybody, in_norte: ClinicRoute) -> None:
    client, _ = sign_in("manager@norte.example")
    person = User.objects.get(pk=people.norte.manager.pk)
    user_update(acting_user=None, user=person, role="receptionist")
    assert client.get("/admin/")["Location"].startswith(LOGIN)


def test_signing_out_ends_the_session(people: Everybody) -> None:
    client, _ = sign_in("owner@norte.example")
    assert client.get("/admin/logout/").status_code == 405  # an image's URL can't do it
    assert client.post("/admin/logout/").status_code == 200
    assert client.get("/admin/")["Location"].startswith(LOGIN)
