"""Signing in: e-mail and password for a pair of tokens."""

from typing import TYPE_CHECKING, Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache

from accounts.models import User
from accounts.services import user_update
from devstack.stack import Stack
from tenants.context import ClinicRoute, clinic_scope, platform_scope
from tenants.services import clinic_close, clinic_reopen
from tests.accounts.conftest import Phones
from tests.conftest import PASSWORD
from tests.people import Everybody, FreshClinic

if TYPE_CHECKING:  # the stubs' name for a test client's response
    from rest_framework.response import _MonkeyPatchedResponse as Answer

NORTE = "norte.localhost"


def body_without_id(response: "Answer") -> dict[str, Any]:
    body: dict[str, Any] = {**response.json()}
    assert body.pop("request_id") == response["X-Request-ID"]
    return body


@pytest.mark.parametrize("role", ["owner", "manager", "therapist", "receptionist", "patient"])
def test_everybody_of_the_clinic_signs_in_and_sees_who_they_are(
    role: str, phone: Phones, people: Everybody, norte: ClinicRoute
) -> None:
    person: User = getattr(people.norte, role)
    answer = phone(person).me()

    assert answer.status_code == 200
    assert answer.json() == {
        "id": str(person.id),
        "email": f"{role}@norte.example",
        "full_name": f"{role.title()} Norte",
        "role": role,
        "crefito": "3/12345-F" if role == "therapist" else "",
        "clinic": {"id": str(norte.clinic_id), "time_zone": "America/Sao_Paulo"},
    }


def test_the_answer_is_a_pair_of_tokens_that_nobody_may_store(phone: Phones) -> None:
    answer = phone(NORTE).sign_in("owner@norte.example")
    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh", "expires_in"}
    assert answer.json()["expires_in"] == 300
    assert answer["Cache-Control"] == "no-store"
    assert "sessionid" not in answer.cookies
    assert not answer.cookies


def test_the_letter_case_of_the_email_does_not_matter(phone: Phones) -> None:
    assert phone(NORTE).sign_in("OWNER@Norte.Example").status_code == 200


def test_a_wrong_password_an_unknown_email_and_a_deactivated_person_get_the_same_answer(
    phone: Phones, in_norte: ClinicRoute
) -> None:
    manager = User.objects.get(email="manager@norte.example")
    user_update(acting_user=None, user=manager, is_active=False)
    answers = [
        phone(NORTE).sign_in("owner@norte.example", "wrong horse battery"),
        phone(NORTE).sign_in("nobody@norte.example"),
        phone(NORTE).sign_in("manager@norte.example"),
        phone(NORTE).sign_in("owner@sul.example"),  # the other clinic's person is nobody here
    ]

    for answer in answers:
        assert answer.status_code == 401
        assert answer["Content-Type"] == "application/problem+json"
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert body_without_id(answer) == body_without_id(answers[0])
    assert answers[0].json()["code"] == "invalid_credentials"


def test_an_unknown_email_costs_as_much_hashing_as_a_wrong_password(
    phone: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counting(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counting)
    phone(NORTE).sign_in("owner@norte.example", "first guess")
    known = len(hashed)
    phone(NORTE).sign_in("nobody@norte.example", "first guess")

    assert len(hashed) == 2 * known > 0


def test_a_person_without_a_password_cannot_sign_in(phone: Phones, in_norte: ClinicRoute) -> None:
    User.objects.create_user("new@norte.example", full_name="New", role="manager")
    assert phone(NORTE).sign_in("new@norte.example", "").status_code == 400
    assert phone(NORTE).sign_in("new@norte.example", "!").status_code == 401


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"email": "owner@norte.example"}, "/password", "required"),
        ({"password": PASSWORD}, "/email", "required"),
        ({"email": "owner", "password": PASSWORD}, "/email", "invalid"),
        ({"email": 7, "password": PASSWORD}, "/email", "invalid"),
        ({"email": "owner@norte.example", "password": 123}, "/password", "invalid"),
        ({"email": "owner@norte.example", "password": "x" * 129}, "/password", "max_length"),
        (
            {"email": "owner@norte.example", "password": PASSWORD, "clinic": "sul"},
            "/clinic",
            "unknown_field",
        ),
    ],
)
def test_a_malformed_body_is_refused_by_field(
    body: dict[str, Any], pointer: str, code: str, phone: Phones
) -> None:
    answer = phone(NORTE).client.post("/api/v1/auth/token", body)
    assert answer.status_code == 400
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, code)]


def test_too_many_attempts_are_refused_for_a_while_even_with_the_right_password(
    phone: Phones, settings: LazySettings
) -> None:
    settings.SIGN_IN_ATTEMPTS_PER_MINUTE = 3

    for _ in range(3):
        assert phone(NORTE).sign_in("owner@norte.example", "wrong").status_code == 401

    refused = phone(NORTE).sign_in("owner@norte.example")
    assert refused.status_code == 429
    assert refused.json()["code"] == "too_many_attempts"
    assert refused["Retry-After"] == "60"

    # Another letter case is the same address; nobody else is kept out.
    assert phone(NORTE).sign_in("Owner@Norte.example").status_code == 429
    assert phone(NORTE).sign_in("manager@norte.example").status_code == 200
    assert phone("sul.localhost").sign_in("owner@norte.example").status_code == 401

    elsewhere = phone(NORTE, REMOTE_ADDR="203.0.113.9")
    assert elsewhere.sign_in("owner@norte.example").status_code == 200


def test_a_client_cannot_give_itself_another_address(phone: Phones, settings: LazySettings) -> None:
    settings.SIGN_IN_ATTEMPTS_PER_MINUTE = 1

    assert phone(NORTE).sign_in("owner@norte.example", "wrong").status_code == 401

    forged = phone(NORTE, HTTP_X_FORWARDED_FOR="198.51.100.7")
    assert forged.sign_in("owner@norte.example").status_code == 429


def test_behind_a_trusted_proxy_only_its_own_entry_counts(
    phone: Phones, settings: LazySettings
) -> None:
    settings.SIGN_IN_ATTEMPTS_PER_MINUTE = 1
    settings.TRUSTED_PROXIES = 1
    forged = phone(NORTE, HTTP_X_FORWARDED_FOR="198.51.100.7")
    assert forged.sign_in("owner@norte.example", "wrong").status_code == 401

    twice = phone(NORTE, HTTP_X_FORWARDED_FOR="203.0.113.1, 198.51.100.7")
    assert twice.sign_in("owner@norte.example").status_code == 429


def test_without_redis_people_still_get_in(
    phone: Phones, settings: LazySettings, stack: Stack
) -> None:
    settings.SIGN_IN_ATTEMPTS_PER_MINUTE = 1
    stack.stop("redis")
    for _ in range(3):
        assert phone(NORTE).sign_in("owner@norte.example").status_code == 200


def test_platform_staff_cannot_sign_in_at_a_clinic(phone: Phones, in_norte: ClinicRoute) -> None:
    with platform_scope():
        User.objects.create_superuser("root@fisioflow.example", PASSWORD, full_name="Root")
    assert phone(NORTE).sign_in("root@fisioflow.example").status_code == 401
    assert phone("localhost").sign_in("root@fisioflow.example").status_code == 404


def test_a_closed_clinic_refuses_sign_in_and_api_until_it_is_opened_again(
    fresh_clinic: FreshClinic, phone: Phones
) -> None:
    schema = fresh_clinic.route.schema
    owner = phone(fresh_clinic.people.owner)
    shared = phone("api.localhost", HTTP_X_TENANT_ID=str(fresh_clinic.route.clinic_id))
    with platform_scope():
        clinic_close(acting_user=None, schema_name=schema)

    for refused in (
        owner.sign_in(f"owner@{schema}.example"),
        owner.renew(),
        owner.me(),
        owner.sign_out(),
        shared.sign_in(f"owner@{schema}.example"),
        shared.me(owner.access),
    ):
        assert refused.status_code == 403
        assert refused["Content-Type"] == "application/problem+json"
        assert refused.json()["code"] == "clinic_closed"

    page = owner.client.get("/admin/login/")
    assert page.status_code == 403

    with platform_scope():
        clinic_reopen(acting_user=None, schema_name=schema)

    assert owner.me().status_code == 200
    assert owner.renew().status_code == 200


def test_a_server_that_has_not_heard_of_the_closing_is_refused_by_the_clinics_database(
    fresh_clinic: FreshClinic, phone: Phones
) -> None:
    owner = phone(fresh_clinic.people.owner)
    key = f"route:host:{fresh_clinic.host}"

    assert owner.me().status_code == 200

    stale = cache.get(key)
    with platform_scope():
        clinic_close(acting_user=None, schema_name=fresh_clinic.route.schema)
    cache.set(key, stale)

    for refused in (owner.me(), owner.renew(), owner.sign_in(fresh_clinic.people.owner.email)):
        assert refused.status_code == 403
        assert refused.json()["code"] == "clinic_closed"


def test_a_refused_sign_in_logs_nothing_personal(
    phone: Phones, caplog: pytest.LogCaptureFixture
) -> None:
    phone(NORTE).sign_in("owner@norte.example", "wrong horse battery")
    assert "owner@" not in caplog.text
    assert "wrong horse" not in caplog.text


def test_signing_in_keeps_the_clinics_scope_for_itself(
    phone: Phones, norte: ClinicRoute, sul: ClinicRoute
) -> None:
    """A request that fails inside one clinic leaves nothing behind for the next one."""
    with clinic_scope(sul):
        assert phone(NORTE).sign_in("owner@sul.example").status_code == 401
        assert User.objects.filter(email="owner@sul.example").exists()
