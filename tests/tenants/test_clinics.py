"""A clinic as a whole: created or nothing, closed and reopened, found by host and by id."""

from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connections
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import Role, User
from core.errors import FieldError
from patients.models import Patient
from tenants.context import ClinicRoute, clinic_scope, platform_scope
from tenants.errors import ClinicClosed, ClinicExists, InvalidSchemaName, UnknownShard
from tenants.fleet import server_cursor
from tenants.models import Clinic, Domain, Shard
from tenants.postgresql.owner import as_owner
from tenants.schemas import drop_schema
from tenants.services import clinic_close, clinic_create, clinic_reopen, domain_add
from tests.conftest import PASSWORD
from tests.people import Api, Everybody, FreshClinic, InThreads


def schemas_on(shard: str) -> set[str]:
    with server_cursor(shard) as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace")
        return {row[0] for row in cursor.fetchall()}


def wanted(**changes: Any) -> dict[str, Any]:
    return {
        "acting_user": None,
        "schema_name": "leste",
        "name": "Clínica Leste",
        "domain": "leste.localhost",
        "shard": "shard_2",
    } | changes


def test_create_clinic_makes_schema_domain_and_owner(
    in_platform: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OWNER_PASSWORD", raising=False)
    call_command(
        "create_clinic",
        "leste",
        name="Clínica Leste",
        domain="Leste.localhost",
        owner_email="dona@leste.example",
        shard="shard_2",
    )
    printed = capsys.readouterr().out
    clinic = Clinic.objects.get(schema_name="leste")

    assert clinic.shard_id == "shard_2"
    assert clinic.domains.get().domain == "leste.localhost"

    with clinic_scope(clinic.route):
        owner = User.objects.get()
        assert owner.role == Role.OWNER
        assert owner.check_password(printed.split("password (shown once): ")[1].strip())


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"schema_name": "Leste"}, InvalidSchemaName),
        ({"schema_name": "norte"}, ClinicExists),
        ({"domain": "norte.localhost"}, ClinicExists),
        ({"domain": "not a domain"}, FieldError),
        ({"time_zone": "Mars/Olympus"}, FieldError),
        ({"name": ""}, FieldError),
        ({"plan": "free"}, FieldError),
        ({"shard": "shard_9"}, UnknownShard),
    ],
)
def test_a_refused_clinic_leaves_nothing(
    in_platform: None, norte: ClinicRoute, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    clinics, schemas = Clinic.objects.count(), schemas_on("shard_2")
    with pytest.raises(refusal):
        clinic_create(**wanted(**changes))
    assert (Clinic.objects.count(), schemas_on("shard_2")) == (clinics, schemas)


def test_a_failure_in_the_last_step_leaves_nothing(in_platform: None, norte: ClinicRoute) -> None:
    def fail(_: ClinicRoute) -> None:
        raise RuntimeError("the owner could not be made")

    with pytest.raises(RuntimeError):
        clinic_create(**wanted(populate=fail))
    assert not Clinic.objects.filter(schema_name="leste").exists()
    assert not Domain.objects.filter(domain="leste.localhost").exists()
    assert "leste" not in schemas_on("shard_2")


def test_a_schema_that_the_directory_does_not_list_is_reported_and_kept(
    in_platform: None, norte: ClinicRoute
) -> None:
    with as_owner("shard_2"), server_cursor("shard_2") as cursor:
        cursor.execute("CREATE SCHEMA leste")
    with pytest.raises(ClinicExists, match="directory doesn't list"):
        clinic_create(**wanted())
    assert "leste" in schemas_on("shard_2")


def test_a_draining_shard_takes_no_new_clinic(in_platform: None, norte: ClinicRoute) -> None:
    Shard.objects.filter(alias="shard_1").update(state=Shard.State.DRAINING)
    clinic = clinic_create(**wanted(shard=None))
    assert clinic.shard_id == "shard_2"
    with pytest.raises(UnknownShard):
        clinic_create(**wanted(schema_name="oeste", domain="oeste.localhost", shard="shard_1"))


def test_a_clinic_is_never_deleted(in_platform: None, norte: ClinicRoute) -> None:
    with pytest.raises(TypeError, match="never deleted"):
        Clinic.objects.get(schema_name="norte").delete()


def test_a_closed_clinic_keeps_its_data_and_refuses_everybody(
    fresh_clinic: FreshClinic, api: Api
) -> None:
    owner = api(fresh_clinic.people.owner, host=fresh_clinic.host)

    assert owner.get("/api/v1/me").status_code == 200

    call_command("close_clinic", fresh_clinic.route.schema)
    refused = owner.get("/api/v1/me")

    assert (refused.status_code, refused.json()["code"]) == (403, "clinic_closed")

    sign_in = APIClient(SERVER_NAME=fresh_clinic.host).post(
        "/api/v1/auth/token",
        {"email": fresh_clinic.people.owner.email, "password": PASSWORD},
    )

    assert (sign_in.status_code, sign_in.json()["code"]) == (403, "clinic_closed")

    # A process that still has the route from before meets the closed epoch row.
    with clinic_scope(fresh_clinic.route), pytest.raises(ClinicClosed):
        Patient.objects.count()

    call_command("close_clinic", fresh_clinic.route.schema, reopen=True)
    assert owner.get("/api/v1/patients").status_code == 200


def test_closing_an_unknown_clinic_says_so(norte: ClinicRoute) -> None:
    with pytest.raises(CommandError, match="No clinic"):
        call_command("close_clinic", "ninguem")


def test_a_clinic_answers_to_every_domain_it_was_given(in_platform: None, api: Api) -> None:
    domain_add(acting_user=None, schema_name="norte", domain="Agenda.Norte.localhost")
    assert api(None, host="agenda.norte.localhost").get("/api/v1/me").status_code == 401
    with pytest.raises(ClinicExists):
        domain_add(acting_user=None, schema_name="sul", domain="agenda.norte.localhost")


def test_an_unknown_host_is_refused(api: Api) -> None:
    for host in ("ninguem.localhost", "example.com"):
        answer = api(None, host=host).get("/api/v1/me")
        assert (answer.status_code, answer.json()["code"]) == (404, "clinic_not_found")
        assert api(None, host=host).get("/admin/").status_code == 404


def test_on_the_shared_api_host_the_header_names_the_clinic(
    api: Api, people: Everybody, norte: ClinicRoute, sul: ClinicRoute
) -> None:
    client = api(people.norte.owner, host="api.localhost")
    own = client.get("/api/v1/me", headers={"X-Tenant-ID": str(norte.clinic_id)})

    assert own.json()["clinic"]["id"] == str(norte.clinic_id)

    other = client.get("/api/v1/me", headers={"X-Tenant-ID": str(sul.clinic_id)})
    assert (other.status_code, other.json()["code"]) == (401, "token_invalid")
    for header in ({}, {"X-Tenant-ID": "norte"}, {"X-Tenant-ID": str(people.norte.owner.id)}):
        assert client.get("/api/v1/me", headers=header).json()["code"] == "clinic_not_found"
    assert client.get("/admin/", headers={"X-Tenant-ID": str(norte.clinic_id)}).status_code == 404


def test_the_header_names_no_other_clinic_on_a_clinics_own_host(
    api: Api, people: Everybody, norte: ClinicRoute, sul: ClinicRoute
) -> None:
    client = api(people.norte.owner)
    answer = client.get("/api/v1/me", headers={"X-Tenant-ID": str(sul.clinic_id)})
    assert answer.json()["clinic"]["id"] == str(norte.clinic_id)


def test_a_stale_cached_route_is_dropped_by_the_first_refusal(
    fresh_clinic: FreshClinic, api: Api
) -> None:
    client = api(fresh_clinic.people.owner, host=fresh_clinic.host)

    assert client.get("/api/v1/me").status_code == 200

    with platform_scope():
        Clinic.objects.filter(id=fresh_clinic.route.clinic_id).update(epoch=2)
    with as_owner("shard_1"), server_cursor("shard_1") as cursor:
        cursor.execute(f'UPDATE "{fresh_clinic.route.schema}".clinic_epoch SET epoch = 2')
    stale = client.get("/api/v1/me")

    assert (stale.status_code, stale.json()["code"]) == (503, "stale_route")
    assert stale["Retry-After"] == "1"
    assert client.get("/api/v1/me").status_code == 200


def test_the_directory_is_asked_once_for_many_requests(
    api: Api, people: Everybody, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = api(people.norte.owner)
    client.get("/api/v1/me")

    with django_assert_num_queries(0, connection=connections["default"]):
        assert client.get("/api/v1/me").status_code == 200
    with django_assert_num_queries(2, connection=connections["shard_1"]):
        client.get("/api/v1/me")  # the clinic entered, the person read

    cache.clear()
    assert client.get("/api/v1/me").status_code == 200


def test_two_people_creating_one_clinic_get_one_clinic(
    fresh_clinic: FreshClinic, in_threads: InThreads
) -> None:
    def create() -> str:
        try:
            with platform_scope():
                clinic_create(**wanted(shard="shard_1"))
        except ClinicExists as refusal:
            return refusal.code
        return "created"

    try:
        assert sorted(in_threads(4, create)) == ["clinic_exists"] * 3 + ["created"]
    finally:
        drop_schema("shard_1", "leste")
        with platform_scope():
            Clinic.objects.filter(schema_name="leste").delete()


def test_closing_and_opening_are_idempotent(in_platform: None, norte: ClinicRoute) -> None:
    for change, status in ((clinic_close, "closed"), (clinic_reopen, "active")):
        change(acting_user=None, schema_name="norte")
        assert change(acting_user=None, schema_name="norte").status == status
