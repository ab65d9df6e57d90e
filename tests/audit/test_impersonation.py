"""Support acts as a person: with a reason, for minutes, under both names."""

import io
import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from accounts.impersonation import SECONDS
from accounts.models import Role, TokenFamily, User
from accounts.services import user_update
from audit.models import Event, EventKind
from patients.models import Patient
from tenants.context import ClinicRoute, clinic_scope, platform_scope
from tests.people import Everybody

WHY = "Chamado 4711: a agenda não abre"
LABEL = "support: Root as Owner Norte"


@pytest.fixture
def root(django_db_setup: None) -> User:
    """Somebody of the platform's staff."""
    with platform_scope():
        made: User = User.objects.create_superuser("root@f.example", full_name="Root")
    return made


@pytest.fixture
def at_norte(norte: ClinicRoute) -> Iterator[ClinicRoute]:
    with clinic_scope(norte):
        yield norte


def impersonate(email: str = "owner@norte.example", **options: str) -> str:
    out = io.StringIO()
    options = {"operator": "root@f.example", "reason": WHY} | options
    call_command("impersonate", "norte", email, stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue().strip()


def client_of(token: str, host: str = "norte.localhost") -> APIClient:
    return APIClient(SERVER_NAME=host, HTTP_AUTHORIZATION=f"Bearer {token}")


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def test_it_begins_with_an_event_that_has_the_reason(
    root: User, people: Everybody, at_norte: ClinicRoute
) -> None:
    token = impersonate()

    (event,) = Event.objects.filter(kind=EventKind.IMPERSONATED)

    assert (event.actor_label, event.reason) == (LABEL, WHY)
    assert event.record_id == str(people.norte.owner.pk)
    assert event.details == {"operator_id": str(root.pk)}

    claims = claims_of(token)
    assert claims["sub"] == str(people.norte.owner.pk)
    assert claims["act"] == {"sub": str(root.pk), "name": "Root", "reason": WHY}
    assert claims["exp"] - claims["iat"] == SECONDS == 300


def test_everything_done_has_both_names_and_the_reason(
    root: User, people: Everybody, at_norte: ClinicRoute
) -> None:
    support, record = client_of(impersonate()), people.norte.record
    path = f"/api/v1/patients/{record.pk}"

    assert support.get("/api/v1/me").json()["email"] == "owner@norte.example"
    assert support.patch(path, {"phone": "+5511912345678"}).status_code == 200
    assert support.post("/api/v1/prescriptions", {}).status_code == 403

    seen, refused = Event.objects.exclude(kind=EventKind.IMPERSONATED).order_by("id")
    changed = Patient.history.filter(id=record.pk).latest()

    assert (seen.kind, refused.kind) == (EventKind.CHART_VIEWED, EventKind.ACCESS_REFUSED)
    assert {row.actor_label for row in (seen, refused, changed)} == {LABEL}
    assert (seen.reason, refused.reason, changed.history_change_reason) == (WHY, WHY, WHY)
    assert changed.history_user_id == people.norte.owner.pk


def test_it_works_in_one_clinic_and_cant_be_refreshed(
    root: User, people: Everybody, at_norte: ClinicRoute
) -> None:
    token = impersonate()

    assert client_of(token, "sul.localhost").get("/api/v1/me").status_code == 401
    anybody = APIClient(SERVER_NAME="norte.localhost")
    assert anybody.post("/api/v1/auth/refresh", {"refresh": token}).status_code == 401
    assert not TokenFamily.objects.filter(user_id=people.norte.owner.pk).exists()


def test_it_ends_when_the_person_is_deactivated(
    root: User, people: Everybody, at_norte: ClinicRoute
) -> None:
    support = client_of(impersonate("manager@norte.example"))
    manager = User.objects.get(pk=people.norte.manager.pk)
    user_update(acting_user=None, user=manager, is_active=False)
    assert support.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize("reason", ["", "  \n "])
def test_it_needs_a_reason(reason: str, root: User, at_norte: ClinicRoute) -> None:
    with pytest.raises(CommandError, match="why"):
        impersonate(reason=reason)
    assert not Event.objects.exists()


def test_it_needs_an_active_person(root: User, people: Everybody, norte: ClinicRoute) -> None:
    for email in ("nobody@norte.example", "owner@sul.example"):
        with pytest.raises(CommandError, match="no active person"):
            impersonate(email)
    with pytest.raises(CommandError, match="No clinic"):
        call_command("impersonate", "leste", "x@y.example", operator=root.email, reason=WHY)


def test_it_needs_active_staff_and_a_refused_attempt_is_in_the_trail(
    root: User, people: Everybody, at_norte: ClinicRoute
) -> None:
    with platform_scope():
        User.objects.filter(role=Role.PLATFORM).update(is_active=False)

    for operator in (root.email, "owner@norte.example"):
        with pytest.raises(CommandError, match="staff"):
            impersonate(operator=operator)
    assert not Event.objects.filter(kind=EventKind.IMPERSONATED).exists()

    (first, _) = Event.objects.filter(kind=EventKind.ACCESS_REFUSED)
    assert first.actor_label == "job:impersonate"
    assert first.details == {"code": "not_of_the_staff", "task": "impersonate"}
