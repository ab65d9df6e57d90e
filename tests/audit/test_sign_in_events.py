"""Who signed in, failed to and signed out; whose role or password changed."""

import hashlib
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Role, TokenFamily, User
from accounts.services import password_change, user_update
from audit.models import Event, EventKind
from tenants.context import ClinicRoute, clinic_scope, platform_scope
from tests.conftest import PASSWORD
from tests.people import Api, Everybody

TOKEN, REFRESH, REVOKE = (f"/api/v1/auth/{way}" for way in ("token", "refresh", "revoke"))
NEW_PASSWORD = "a staple of another kind"


@pytest.fixture
def browser() -> Client:
    return Client(SERVER_NAME="norte.localhost", HTTP_USER_AGENT="Firefox")


def events(*kinds: EventKind) -> list[Event]:
    return list(Event.objects.filter(kind__in=kinds).order_by("id"))


def told(event: Event) -> tuple[str, str, str, dict[str, Any]]:
    return event.kind, event.actor_label, event.record_id, event.details


def sign_in(client: APIClient, email: str, password: str = PASSWORD) -> Any:
    return client.post(TOKEN, {"email": email, "password": password})


def test_signing_in_and_out_of_the_api(api: Api, people: Everybody, in_norte: ClinicRoute) -> None:
    therapist, phone = people.norte.therapist, api(None)

    pair = sign_in(phone, therapist.email).json()
    for _ in range(2):
        assert phone.post(REVOKE, {"refresh": pair["refresh"]}).status_code == 204

    who = ("Therapist Norte", str(therapist.pk), {"method": "api"})
    came, went = events(EventKind.SIGNED_IN, EventKind.SIGNED_OUT)  # leaving twice is leaving once
    assert (told(came), told(went)) == (("signed_in", *who), ("signed_out", *who))
    assert {str(event.user_id) for event in (came, went)} == {str(therapist.pk)}
    assert came.request_id != went.request_id
    assert came.ip_address == "127.0.0.1"


def test_signing_in_and_out_of_the_admin(
    browser: Client, people: Everybody, in_norte: ClinicRoute
) -> None:
    owner = people.norte.owner

    browser.post("/admin/login/", {"username": owner.email.upper(), "password": PASSWORD})
    browser.post("/admin/logout/")
    browser.post("/admin/logout/")

    who = ("Owner Norte", str(owner.pk), {"method": "admin"})
    came, went = events(EventKind.SIGNED_IN, EventKind.SIGNED_OUT, EventKind.SIGN_IN_FAILED)
    assert (told(came), told(went)) == (("signed_in", *who), ("signed_out", *who))
    assert (came.user_agent, came.user_id) == ("Firefox", owner.pk)
    assert User.history.filter(id=owner.pk).first().actor_label == "Owner Norte"  # last_login


def test_a_wrong_password_is_recorded_about_the_person_not_by_them(
    api: Api, browser: Client, people: Everybody, in_norte: ClinicRoute
) -> None:
    owner = people.norte.owner

    assert sign_in(api(None), owner.email, "a wrong password").status_code == 401
    browser.post("/admin/login/", {"username": owner.email, "password": "a wrong password"})

    by_api, by_admin = map(told, events(EventKind.SIGN_IN_FAILED))
    codes = {"code": "invalid_credentials", "method": "api"}
    assert by_api == ("sign_in_failed", "anonymous", str(owner.pk), codes)
    codes = {"code": "invalid_login", "method": "admin"}
    assert by_admin == ("sign_in_failed", "anonymous", str(owner.pk), codes)
    assert not events(EventKind.ACCESS_REFUSED)  # one event for one thing


def test_an_address_that_no_user_has_is_kept_as_a_digest(
    api: Api, browser: Client, in_norte: ClinicRoute
) -> None:
    sign_in(api(None), "Mallory@Elsewhere.example")
    browser.post("/admin/login/", {"username": "mallory@elsewhere.example", "password": "x"})

    digest = hashlib.sha256(b"mallory@elsewhere.example").hexdigest()
    for event in events(EventKind.SIGN_IN_FAILED):
        assert (event.record_id, event.details["email_sha256"]) == ("", digest)
        assert "mallory" not in str(vars(event)).lower()
    assert len(events(EventKind.SIGN_IN_FAILED)) == 2


def test_a_person_without_a_right_to_the_admin_fails_to_sign_in_there(
    browser: Client, people: Everybody, in_norte: ClinicRoute
) -> None:
    therapist = people.norte.therapist
    browser.post("/admin/login/", {"username": therapist.email, "password": PASSWORD})
    (failed,) = events(EventKind.SIGN_IN_FAILED, EventKind.SIGNED_IN)
    assert told(failed)[1:3] == ("anonymous", str(therapist.pk))


def test_too_many_attempts_are_recorded_as_such(
    api: Api,
    browser: Client,
    people: Everybody,
    in_norte: ClinicRoute,
    settings: LazySettings,
) -> None:
    settings.SIGN_IN_ATTEMPTS_PER_MINUTE = 1
    owner = people.norte.owner

    sign_in(api(None), owner.email)
    assert sign_in(api(None), owner.email).status_code == 429
    browser.post("/admin/login/", {"username": owner.email, "password": PASSWORD})

    refused = [event.details for event in events(EventKind.SIGN_IN_FAILED)]
    assert refused == [
        {"code": "too_many_attempts", "method": "api"},
        {"code": "too_many_attempts", "method": "admin"},
    ]


def test_a_refresh_token_used_twice_is_recorded(
    api: Api, people: Everybody, in_norte: ClinicRoute
) -> None:
    phone = api(None)
    stolen = sign_in(phone, people.norte.owner.email).json()["refresh"]

    for _ in range(2):
        newest = phone.post(REFRESH, {"refresh": stolen}).json().get("refresh")
        stolen, used = newest or stolen, stolen
        TokenFamily.objects.update(rotated_at="2026-01-01T00:00Z")

    assert phone.post(REFRESH, {"refresh": used}).status_code == 401

    (reuse,) = events(EventKind.ACCESS_REFUSED)
    assert told(reuse)[2:] == (
        str(people.norte.owner.pk),
        {"code": "refresh_reused", "status": 401},
    )


def test_a_new_password_is_an_event_whoever_sets_it(
    browser: Client, people: Everybody, in_norte: ClinicRoute
) -> None:
    owner, therapist = people.norte.owner, User.objects.get(pk=people.norte.therapist.pk)
    password_change(acting_user=None, user=therapist, password=NEW_PASSWORD)
    browser.force_login(owner)
    own = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}

    assert browser.post("/admin/password_change/", own).status_code == 302
    assert browser.get("/admin/").status_code == 200  # still signed in, here
    assert [told(event)[1:3] for event in events(EventKind.PASSWORD_CHANGED)] == [
        ("job:tests", str(therapist.pk)),
        ("Owner Norte", str(owner.pk)),
    ]
    assert User.objects.get(pk=owner.pk).check_password(NEW_PASSWORD)


def test_a_password_that_is_refused_is_no_change(
    browser: Client, people: Everybody, in_norte: ClinicRoute
) -> None:
    browser.force_login(people.norte.owner)
    weak = {"old_password": PASSWORD, "new_password1": "12345678", "new_password2": "12345678"}
    assert browser.post("/admin/password_change/", weak).status_code == 200
    assert not events(EventKind.PASSWORD_CHANGED)


def test_the_platforms_staff_are_recorded_in_the_directory(in_platform: None) -> None:
    root = User.objects.create_superuser("root@f.example", PASSWORD, full_name="Root")
    client = Client(SERVER_NAME="localhost")
    client.post("/admin/login/", {"username": root.email, "password": PASSWORD})
    own = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}

    assert client.post("/admin/password_change/", own).status_code == 302

    with platform_scope():
        kinds = [
            told(event)[:3] for event in events(EventKind.SIGNED_IN, EventKind.PASSWORD_CHANGED)
        ]

    assert kinds == [
        ("signed_in", "Root", str(root.pk)),
        ("password_changed", "Root", str(root.pk)),
    ]


def test_a_changed_role_is_an_event_with_both_roles(people: Everybody, norte: ClinicRoute) -> None:
    owner, receptionist = people.norte.owner, people.norte.receptionist
    with clinic_scope(norte):
        person = User.objects.get(pk=receptionist.pk)
        user_update(acting_user=owner, user=person, role=Role.MANAGER)
        user_update(acting_user=owner, user=person, full_name="Bia")
        (changed,) = events(EventKind.ROLE_CHANGED)

    assert told(changed)[2:] == (
        str(receptionist.pk),
        {"old_role": "receptionist", "new_role": "manager"},
    )
