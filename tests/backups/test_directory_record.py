"""Backups hold the directory's record of a clinic, and a restore brings it back."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import User
from backups.installation import Installation
from backups.snapshot.directory_record import domains_of
from backups.stores import Store
from backups.take.making import backup_make
from tenants.context import ClinicRoute, clinic_scope, platform_scope
from tenants.errors import ClinicClosed
from tenants.models import Clinic, Domain
from tenants.schemas import drop_schema
from tenants.services import clinic_close, clinic_reopen, clinic_update, domain_add
from tests.people import FreshClinic

FACTS = {
    "name": "Clínica do Norte",
    "plan": "enterprise",
    "time_zone": "America/Manaus",
    "state": "AM",
}


@pytest.fixture
def second_host(fresh_clinic: FreshClinic) -> str:
    return f"b-{fresh_clinic.host}"


@pytest.fixture
def known(fresh_clinic: FreshClinic, configured: Store, second_host: str) -> Clinic:
    """A clinic with a full record in the directory, and a backup."""
    schema = fresh_clinic.route.schema
    with platform_scope():
        clinic = clinic_update(acting_user=None, schema_name=schema, changes=FACTS)
        domain_add(acting_user=None, schema_name=schema, domain=second_host)
    backup_make(Installation(), clinic=clinic)
    return clinic


def restored(capsys: pytest.CaptureFixture[str], clinic: Clinic, *options: str) -> Any:
    capsys.readouterr()
    wish = ("restore", "latest", "--clinic", clinic.schema_name, "--noinput", "--json")
    call_command(*wish, *options)
    return json.loads(capsys.readouterr().out)


def lose(clinic: Clinic) -> None:
    """Remove the clinic everywhere except from the store."""
    drop_schema(clinic.shard_id, clinic.schema_name)
    with platform_scope():
        Clinic.objects.filter(id=clinic.id).delete()


def facts_in_directory(schema: str) -> tuple[dict[str, str], tuple[str, ...]]:
    with platform_scope():
        clinic = Clinic.objects.get(schema_name=schema)
        return {name: getattr(clinic, name) for name in FACTS}, domains_of(clinic)


def test_an_empty_installation_knows_what_the_lost_one_knew(
    fresh_clinic: FreshClinic, known: Clinic, second_host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lose(known)
    said = restored(capsys, known)
    assert said["domains"] == [fresh_clinic.host, second_host]
    found = facts_in_directory(known.schema_name)
    assert found == (FACTS, (fresh_clinic.host, second_host))


def test_the_operators_options_overrule_the_backups_record(
    fresh_clinic: FreshClinic, known: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    lose(known)
    restored(capsys, known, "--name", "Outra", "--domain", f"c-{fresh_clinic.host}")
    found = facts_in_directory(known.schema_name)
    assert found == (FACTS | {"name": "Outra"}, (f"c-{fresh_clinic.host}",))


def test_a_host_name_that_another_clinic_has_by_now_stays_theirs(
    fresh_clinic: FreshClinic,
    known: Clinic,
    second_host: str,
    norte: ClinicRoute,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lose(known)
    with platform_scope():
        domain_add(acting_user=None, schema_name="norte", domain=second_host)

    try:
        assert restored(capsys, known)["domains"] == [fresh_clinic.host]
    finally:
        with platform_scope():
            Domain.objects.get(domain=second_host).delete()


def test_a_copy_has_the_clinics_record_and_a_host_name_of_its_own(
    fresh_clinic: FreshClinic, known: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = f"{known.schema_name}_antes"

    try:
        restored(capsys, known, "--as", copy)
        host = f"{copy.replace('_', '-')}.localhost"

        assert facts_in_directory(copy) == (FACTS, (host,))
    finally:
        drop_schema("shard_1", copy)
        with platform_scope():
            Clinic.objects.filter(schema_name=copy).delete()


def test_a_closed_clinic_comes_back_closed_and_can_be_opened(
    fresh_clinic: FreshClinic,
    known: Clinic,
    capsys: pytest.CaptureFixture[str],
    api: Callable[[User], Any],
) -> None:
    with platform_scope():
        closed = clinic_close(acting_user=None, schema_name=known.schema_name)
    backup_make(Installation(), clinic=closed)
    lose(known)

    assert restored(capsys, known)["status"] == "closed"
    with clinic_scope(known.route), pytest.raises(ClinicClosed):
        User.objects.count()

    with platform_scope():
        clinic_reopen(acting_user=None, schema_name=known.schema_name)

    assert api(fresh_clinic.people.owner).get("/api/v1/patients").status_code == 200
