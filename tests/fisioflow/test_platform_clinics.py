"""The platform's admin: how clinics are created, changed, closed and reopened."""

from typing import Any

import pytest
from django.db import connections
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from tenants.context import ClinicRoute, clinic_scope, platform_scope
from tenants.directory import route_by_host, route_by_schema
from tenants.errors import ClinicClosed, ClinicNotFound
from tenants.fleet import server_cursor
from tenants.models import Clinic, Shard
from tenants.schemas import schema_exists
from tests.fisioflow.conftest import STRONG, form_of

CLINICS = "/admin/tenants/clinic/"
LESTE = {
    "name": "Clínica Leste",
    "schema_name": "leste",
    "domain": "leste.localhost",
    "plan": "starter",
    "time_zone": "America/Sao_Paulo",
    "shard": "shard_2",
    "owner_name": "Dona Leste",
    "owner_email": "dona@leste.example",
    "owner_password": STRONG,
}


def test_a_clinic_is_made_with_its_owner_who_signs_in(staff: Client) -> None:
    answer = staff.post(f"{CLINICS}add/", LESTE)
    route = route_by_schema("leste")

    assert answer["Location"] == f"{CLINICS}{route.clinic_id}/change/"
    assert route.shard == "shard_2"

    with clinic_scope(route):
        dona = User.objects.get()
        assert (dona.email, dona.role) == ("dona@leste.example", "owner")
    signed_in = Client(SERVER_NAME="leste.localhost").post(
        "/admin/login/", {"username": dona.email, "password": STRONG}
    )

    assert signed_in.status_code == 302


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"schema_name": "Leste!"}, "schema_name"),
        ({"schema_name": "public"}, "schema_name"),
        ({"schema_name": "norte"}, "__all__"),
        ({"domain": "norte.localhost"}, "__all__"),
        ({"domain": "não é domínio"}, "domain"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"plan": "free"}, "plan"),
        ({"shard": "shard_9"}, "shard"),
        ({"owner_email": "nobody"}, "owner_email"),
        ({"owner_password": "12345678"}, "owner_password"),
        ({"owner_name": ""}, "owner_name"),
        ({"name": ""}, "name"),
    ],
)
def test_a_clinic_that_cannot_be_made_is_refused_in_the_form_and_leaves_nothing(
    staff: Client, changes: dict[str, str], field: str
) -> None:
    assert set(form_of(staff.post(f"{CLINICS}add/", LESTE | changes)).errors) == {field}
    with platform_scope():
        assert Clinic.objects.count() == 2
    with server_cursor("shard_2") as cursor:
        assert not schema_exists(cursor, "leste")


def test_a_form_that_was_opened_before_the_shard_closed_is_refused(
    staff: Client, in_platform: None
) -> None:
    Shard.objects.update(state=Shard.State.DRAINING)
    assert set(form_of(staff.post(f"{CLINICS}add/", LESTE | {"shard": ""})).errors) == {"__all__"}


def test_a_change_of_name_plan_and_time_zone_replaces_the_cached_route(
    staff: Client,
    norte: ClinicRoute,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    assert route_by_host("norte.localhost").plan == "starter"

    sent = {"name": "Norte Fisio", "plan": "enterprise", "time_zone": "America/Manaus"}
    with django_capture_on_commit_callbacks(execute=True):
        answer = staff.post(
            f"{CLINICS}{norte.clinic_id}/change/", sent | {"schema_name": "x", "epoch": "7"}
        )

    assert answer.status_code == 302

    route = route_by_host("norte.localhost")
    assert (route.plan, route.time_zone, route.epoch) == ("enterprise", "America/Manaus", 1)


def test_a_time_zone_that_does_not_exist_is_refused_in_the_form(
    staff: Client, norte: ClinicRoute
) -> None:
    sent = {"name": "Norte Fisio", "plan": "enterprise", "time_zone": "Nowhere"}
    answer = staff.post(f"{CLINICS}{norte.clinic_id}/change/", sent)
    assert set(form_of(answer).errors) == {"time_zone"}


def test_closing_a_clinic_asks_first(staff: Client, norte: ClinicRoute) -> None:
    page = f"{CLINICS}{norte.clinic_id}"
    assert f"{page}/close/" in staff.get(f"{page}/change/").content.decode()

    question = staff.get(f"{page}/close/")

    assert question.status_code == 200
    assert route_by_host("norte.localhost") == norte


def test_a_clinic_is_closed_and_reopened(
    staff: Client,
    norte: ClinicRoute,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    page = f"{CLINICS}{norte.clinic_id}"
    with django_capture_on_commit_callbacks(execute=True):
        answer = staff.post(
            f"{page}/close/", {"_form_submitted": "True"}, headers={"HX-Request": "true"}
        )

    assert answer["HX-Redirect"] == f"{page}/change/"
    with pytest.raises(ClinicClosed):
        route_by_host("norte.localhost")
    assert Client(SERVER_NAME="norte.localhost").get("/admin/").status_code == 403
    assert staff.post(f"{page}/close/", {"_form_submitted": "True"}).status_code == 403

    with django_capture_on_commit_callbacks(execute=True):
        answer = staff.post(f"{page}/reopen/", {"_form_submitted": "True"})

    assert answer["Location"] == f"{page}/change/"
    assert route_by_host("norte.localhost") == norte


def test_a_refusal_of_closing_is_a_message(
    staff: Client, norte: ClinicRoute, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> None:
        raise ClinicNotFound

    monkeypatch.setattr("tenants.admin.clinic_close", refuse)
    close = f"{CLINICS}{norte.clinic_id}/close/"

    answer = staff.post(close, {"_form_submitted": "True"}, follow=True)

    assert [message.level_tag for message in answer.context["messages"]] == ["error"]


def test_a_clinic_is_never_deleted(staff: Client, norte: ClinicRoute) -> None:
    assert staff.post(f"{CLINICS}{norte.clinic_id}/delete/", {"post": "yes"}).status_code == 403
    page = staff.get(CLINICS)
    assert "delete_selected" not in page.content.decode()
    answer = staff.post(CLINICS, {"action": "delete_selected", "_selected_action": norte.clinic_id})
    assert answer.status_code in (200, 302)
    assert route_by_schema("norte") == norte


def test_a_clinic_is_made_outside_of_the_admins_transaction(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inside it, a failure after the shard's commit would leave a schema that nobody lists."""
    depths = []

    def note_the_depth(**_: Any) -> Clinic:
        depths.append(len(connections["default"].savepoint_ids))
        raise ClinicNotFound

    monkeypatch.setattr("fisioflow.new_clinic.clinic_create", note_the_depth)
    before = len(connections["default"].savepoint_ids)

    assert form_of(staff.post(f"{CLINICS}add/", LESTE)).errors
    assert depths == [before]
