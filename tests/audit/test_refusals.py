"""A refusal stays in the trail though its transaction is undone, and a flood doesn't fill it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from celery import shared_task
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.errors import RoleAboveOwn
from accounts.models import Role, User
from accounts.services import user_update
from accounts.tokens import Claims, token_encode
from audit.events.access_refused import PER_MINUTE
from audit.models import Event, EventKind
from core.actor import Actor, acting
from core.ids import uuid7
from patients.models import Patient
from tenants.context import ClinicRoute, clinic_scope
from tenants.tasks import ClinicTask
from tests.backups.rebuilding import somebody
from tests.people import Api, Everybody, FreshClinic

ME = "/api/v1/me"


def refusals() -> list[Event]:
    return list(Event.objects.filter(kind=EventKind.ACCESS_REFUSED).order_by("id"))


def test_what_a_role_may_not_do_is_recorded_with_the_route_and_the_record(
    api: Api, people: Everybody, in_norte: ClinicRoute
) -> None:
    record = people.norte.record
    path = f"/api/v1/patients/{record.pk}"

    assert api(people.norte.therapist).delete(path).status_code == 403

    (refused,) = refusals()
    assert (refused.actor_label, refused.record_id) == ("Therapist Norte", str(record.pk))
    assert refused.details == {
        "code": "permission_denied",
        "status": 403,
        "method": "delete",
        "route": "api/v1/patients/<uuid:pk>",
    }


def test_a_foreign_and_a_forged_token_are_recorded_in_the_clinic_that_refused_them(
    api: Api, people: Everybody, norte: ClinicRoute, sul: ClinicRoute
) -> None:
    assert api(people.norte.owner, host="sul.localhost").get(ME).status_code == 401

    forged = APIClient(SERVER_NAME="sul.localhost", HTTP_AUTHORIZATION="Bearer x.y.z")
    assert forged.get(ME).status_code == 401

    with clinic_scope(sul):
        codes = [(event.actor_label, event.details["code"]) for event in refusals()]
    assert codes == [("anonymous", "token_invalid")] * 2
    with clinic_scope(norte):
        assert not refusals()


def test_a_missing_or_expired_token_isnt_recorded(
    api: Api, people: Everybody, in_norte: ClinicRoute
) -> None:
    ended = timezone.now() - timedelta(seconds=1)
    claims = Claims(people.norte.owner.pk, uuid7(), 0)
    token = token_encode("access", claims, issued_at=ended, expires_at=ended)

    assert api(None).get(ME).status_code == 401
    assert api(None).get(ME, HTTP_AUTHORIZATION=f"Bearer {token}").status_code == 401
    assert not refusals()


def test_a_page_of_the_admin_that_is_refused_is_recorded(
    people: Everybody, in_norte: ClinicRoute
) -> None:
    browser = Client(SERVER_NAME="norte.localhost")
    browser.force_login(people.norte.owner)
    page = f"/admin/accounts/user/{people.norte.manager.pk}/delete/"

    assert browser.get(page).status_code == 403
    assert browser.get("/admin/accounts/user/Ana%20Souza/delete/").status_code != 200

    known, *others = refusals()
    assert (known.actor_label, known.record_id) == ("Owner Norte", str(people.norte.manager.pk))
    assert known.details["route"] == "admin/accounts/user/<path:object_id>/delete/"
    assert {event.record_id for event in others} <= {""}


def test_a_form_without_its_token_is_recorded(norte: ClinicRoute) -> None:
    browser = Client(SERVER_NAME="norte.localhost", enforce_csrf_checks=True)
    assert browser.post("/admin/login/", {}).status_code == 403
    with clinic_scope(norte):
        assert [event.details["method"] for event in refusals()] == ["post"]


# --- A refusal survives its rollback -------------------------------------------------------------


def test_a_refusal_in_a_form_stays_when_the_form_is_rolled_back(
    fresh_clinic: FreshClinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, manager = fresh_clinic.people.owner, fresh_clinic.people.manager

    def written_then_refused(*, acting_user: User, user: User, **fields: Any) -> None:
        with transaction.atomic(using=fresh_clinic.route.shard):
            User.objects.filter(pk=user.pk).update(full_name="Written")
        raise RoleAboveOwn

    monkeypatch.setattr("accounts.admin.user_update", written_then_refused)
    browser = Client(SERVER_NAME=fresh_clinic.host)
    with clinic_scope(fresh_clinic.route):
        browser.force_login(owner)

    form = {"full_name": "Bia", "email": manager.email, "role": "manager", "is_active": "on"}

    answer = browser.post(f"/admin/accounts/user/{manager.pk}/change/", form)

    assert answer.status_code == 200  # the form, with the reason
    with clinic_scope(fresh_clinic.route):
        (refused,) = refusals()
        assert User.objects.get(pk=manager.pk).full_name == manager.full_name
    assert (refused.actor_label, refused.details["code"]) == (str(owner), "role_above_own")


@shared_task(base=ClinicTask)
def promote(clinic_id: str, manager_id: str) -> None:
    """A manager makes themself an owner: refused, in a transaction with other writes."""
    manager = User.objects.get(pk=manager_id)
    with transaction.atomic(using=Patient.objects.all().db):
        Patient.objects.update(medical_history="Rolled back.")
        user_update(acting_user=manager, user=manager, role=Role.OWNER)


def test_a_refusal_in_a_task_stays_when_its_transaction_is_rolled_back(
    fresh_clinic: FreshClinic,
) -> None:
    clinic_id, manager = str(fresh_clinic.route.clinic_id), fresh_clinic.people.manager

    with pytest.raises(RoleAboveOwn):
        promote.delay(clinic_id, str(manager.pk))

    with clinic_scope(fresh_clinic.route):
        (refused,) = refusals()
        assert not Patient.objects.filter(medical_history="Rolled back.").exists()
        assert not Event.objects.filter(kind=EventKind.ROLE_CHANGED).exists()

    assert refused.actor_label == f"job:{promote.name}"
    assert refused.details == {"code": "role_above_own", "task": promote.name}


@shared_task(base=ClinicTask)
def rename(clinic_id: str, patient_id: str) -> None:
    """Work that a request leaves to a worker."""
    Patient.objects.filter(pk=patient_id).update(name="Nome Novo")


def test_a_task_acts_under_the_id_of_the_request_that_started_it(
    people: Everybody, norte: ClinicRoute
) -> None:
    with acting(Actor(label="Owner Norte", request_id="req-12345678")):
        rename.delay(str(norte.clinic_id), str(people.norte.record.pk))
    with clinic_scope(norte):
        version = people.norte.record.history.latest()
    assert (version.actor_label, version.request_id) == (f"job:{rename.name}", "req-12345678")


# --- What the person may not see -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("patient", "/api/v1/patients/{other}"),
        ("patient", "/api/v1/patients/{other}/access-log"),
        ("patient", "/api/v1/patients/{other}/adherence"),
        ("therapist", "/api/v1/patients/{other}"),
        ("therapist", "/api/v1/patients/{other}/adherence"),
    ],
)
def test_asking_for_somebody_elses_chart_tells_nothing_and_is_recorded(
    who: str, path: str, api: Api, people: Everybody, in_norte: ClinicRoute
) -> None:
    person = getattr(people.norte, who)
    other = Patient.objects.create(**somebody(4711))

    hidden = api(person).get(path.format(other=other.pk))
    missing = api(person).get(path.format(other=uuid7()))
    assert hidden.status_code == missing.status_code == 404
    assert hidden.json()["code"] == missing.json()["code"] == "not_found"

    (refused,) = refusals()  # a record that doesn't exist is no refusal
    assert (refused.record_id, refused.user_id) == (str(other.pk), person.pk)
    assert (refused.details["code"], refused.details["status"]) == ("not_visible", 404)


# --- A flood -------------------------------------------------------------------------------------


def flood(times: int, address: str = "127.0.0.1") -> None:
    for _ in range(times):
        client = APIClient(SERVER_NAME="norte.localhost", REMOTE_ADDR=address)
        assert client.get(ME, HTTP_AUTHORIZATION="Bearer x.y.z").status_code == 401


@pytest.mark.parametrize("redis_is", ["there", "away"])
def test_a_flood_from_one_address_is_recorded_up_to_a_bound(
    redis_is: str, in_norte: ClinicRoute, monkeypatch: pytest.MonkeyPatch
) -> None:
    if redis_is == "away":  # what django-redis answers when it ignores a lost connection
        monkeypatch.setattr(type(cache), "__getattr__", _without_redis)

    flood(PER_MINUTE + 5, address="203.0.113.7")
    flood(2, address="203.0.113.8")

    by_address = [event.ip_address for event in refusals()]
    assert by_address == ["203.0.113.7"] * PER_MINUTE + ["203.0.113.8"] * 2


def _without_redis(_cache: object, name: str) -> Callable[..., None]:
    return lambda *_args, **_kwargs: None


def test_the_trail_says_how_many_refusals_a_flood_had(in_norte: ClinicRoute) -> None:
    flood(4 * PER_MINUTE + 5, address="203.0.113.7")
    recorded = refusals()
    assert len(recorded) == PER_MINUTE + 2
    assert [event.details.get("count") for event in recorded[PER_MINUTE:]] == [
        2 * PER_MINUTE,
        4 * PER_MINUTE,
    ]


def test_nobody_hides_a_refusal_behind_a_flood_of_their_own_others(
    api: Api, people: Everybody, in_norte: ClinicRoute
) -> None:
    therapist = api(people.norte.therapist)

    for _ in range(PER_MINUTE + 5):
        assert therapist.get("/api/v1/audit").status_code == 403
    assert therapist.delete(f"/api/v1/patients/{people.norte.record.pk}").status_code == 403

    recorded = refusals()
    assert len(recorded) == PER_MINUTE + 1
    assert recorded[-1].details["method"] == "delete"


def test_a_machine_that_changes_its_ipv6_address_is_one_address(in_norte: ClinicRoute) -> None:
    for host in range(PER_MINUTE + 3):
        flood(1, address=f"2001:db8::{host:x}")
    flood(1, address="2001:db8:0:1::1")
    assert len(refusals()) == PER_MINUTE + 1


def test_a_strangers_flood_doesnt_hide_what_a_person_is_refused(
    api: Api, people: Everybody, in_norte: ClinicRoute
) -> None:
    flood(PER_MINUTE + 1)
    path = f"/api/v1/patients/{people.norte.record.pk}"
    assert api(people.norte.therapist).delete(path).status_code == 403
    assert refusals()[-1].actor_label == "Therapist Norte"


def test_sign_ins_that_fail_are_bounded_too(in_norte: ClinicRoute) -> None:
    client = APIClient(SERVER_NAME="norte.localhost")
    for n in range(PER_MINUTE + 2):
        body = {"email": f"mallory{n}@elsewhere.example", "password": "a guess"}
        assert client.post("/api/v1/auth/token", body).status_code == 401
    assert Event.objects.filter(kind=EventKind.SIGN_IN_FAILED).count() == PER_MINUTE
