"""The platform's admin: host names, shards, staff and periodic work."""

import pytest
from django.test import Client
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.admin_sites import platform_site
from accounts.models import Role, User
from backups.models import ClinicBackups, Run
from tenants.context import ClinicRoute, platform_scope
from tenants.directory import route_by_host
from tenants.errors import ClinicNotFound
from tenants.models import Clinic, Domain, Shard
from tests.fisioflow.conftest import PEOPLE, STRONG, form_of, page_of, shown

DOMAINS, SHARDS = (f"/admin/tenants/{name}/" for name in ("domain", "shard"))


def test_a_malformed_host_name_is_refused_in_the_form(staff: Client, norte: ClinicRoute) -> None:
    answer = staff.post(f"{DOMAINS}add/", {"tenant": norte.clinic_id, "domain": "No Host"})
    assert set(form_of(answer).errors) == {"domain"}


def test_a_taken_host_name_is_refused_in_the_form(staff: Client, norte: ClinicRoute) -> None:
    answer = staff.post(f"{DOMAINS}add/", {"tenant": norte.clinic_id, "domain": "sul.localhost"})
    assert form_of(answer).errors


def test_a_host_name_is_added_removed_and_never_changed(
    staff: Client,
    norte: ClinicRoute,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    added = staff.post(f"{DOMAINS}add/", {"tenant": norte.clinic_id, "domain": "agenda.localhost"})
    assert added.status_code == 302
    assert route_by_host("agenda.localhost") == norte

    with platform_scope():
        row = Domain.objects.get(domain="agenda.localhost")
    assert staff.post(f"{DOMAINS}{row.pk}/change/", {"domain": "x.localhost"}).status_code == 403

    with django_capture_on_commit_callbacks(execute=True):
        assert staff.post(f"{DOMAINS}{row.pk}/delete/", {"post": "yes"}).status_code == 302
    with pytest.raises(ClinicNotFound):
        route_by_host("agenda.localhost")


def test_the_primary_host_name_stays(staff: Client, norte: ClinicRoute) -> None:
    with platform_scope():
        primary = Domain.objects.get(domain="norte.localhost")

    answer = staff.post(f"{DOMAINS}{primary.pk}/delete/", {"post": "yes"})

    assert answer.status_code == 403
    assert route_by_host("norte.localhost") == norte


def test_a_shard_is_drained(staff: Client, in_platform: None) -> None:
    sent = {"state": "draining", "weight": "50"}
    assert staff.post(f"{SHARDS}shard_1/change/", sent).status_code == 302

    shard = Shard.objects.get(alias="shard_1")
    assert (shard.state, shard.weight) == ("draining", 50)


def test_a_weight_of_nothing_is_refused_in_the_form(staff: Client, in_platform: None) -> None:
    answer = staff.post(f"{SHARDS}shard_1/change/", {"state": "open", "weight": "0"})
    assert set(form_of(answer).errors) == {"weight"}


def test_shards_are_listed_with_their_clinics_and_not_added(
    staff: Client, in_platform: None
) -> None:
    listed = {shard.alias: shard.count for shard in shown(staff.get(SHARDS))["cl"].result_list}
    assert listed == {"shard_1": 1, "shard_2": 1}
    assert staff.get(f"{SHARDS}add/").status_code == 403


def test_a_shard_is_closed_only_when_it_is_empty(staff: Client, in_platform: None) -> None:
    sent = {"state": "closed", "weight": "100"}
    assert form_of(staff.post(f"{SHARDS}shard_2/change/", sent)).errors

    Clinic.objects.filter(shard="shard_2").delete()
    assert staff.post(f"{SHARDS}shard_2/change/", sent).status_code == 302


def test_staff_are_added_and_have_no_other_role(staff: Client, in_platform: None) -> None:
    sent = {"full_name": "Ana Ops", "email": "ana@fisioflow.example", "new_password": STRONG}
    assert staff.post(f"{PEOPLE}add/", sent | {"role": "owner"}).status_code == 302

    ana = User.objects.get(email="ana@fisioflow.example")
    assert (ana.role, ana.is_superuser) == (Role.PLATFORM, True)
    assert set(form_of(staff.post(f"{PEOPLE}add/", sent)).errors) == {"email"}


def test_staff_are_deactivated_and_never_by_themselves(
    staff: Client, root: User, in_platform: None
) -> None:
    ana = User.objects.create_superuser("ana@fisioflow.example", STRONG, full_name="Ana Ops")
    off = {"full_name": "Ana Ops", "email": ana.email, "new_password": ""}

    assert staff.post(page_of(ana), off).status_code == 302
    assert not User.objects.get(pk=ana.pk).is_active

    assert staff.post(page_of(root), off | {"email": root.email}).status_code == 302
    assert User.objects.get(pk=root.pk).is_active


def test_the_schedule_of_periodic_work_is_kept(staff: Client, in_platform: None) -> None:
    pages = "/admin/django_celery_beat/"
    interval = {"every": "10", "period": "minutes"}
    assert staff.post(f"{pages}intervalschedule/add/", interval).status_code == 302
    every = IntervalSchedule.objects.get()

    page = staff.get(f"{pages}periodictask/add/").content.decode()
    assert "accounts.tasks.sweep_every_clinic" in page

    sent = {
        "name": "Sweep",
        "regtask": "accounts.tasks.sweep_every_clinic",
        "interval": str(every.pk),
        "args": "[]",
        "kwargs": "{}",
        "headers": "{}",
        "enabled": "on",
    }
    assert staff.post(f"{pages}periodictask/add/", sent).status_code == 302

    task = PeriodicTask.objects.get()
    assert task.task == "accounts.tasks.sweep_every_clinic"
    assert staff.get(f"{pages}periodictask/").status_code == 200
    assert staff.get(f"{pages}periodictask/{task.pk}/change/").status_code == 200


def test_every_page_of_the_platform_opens_in_portuguese(staff: Client) -> None:
    written_by_commands = {(model, "add/") for model in (Shard, Run, ClinicBackups)}
    for model in platform_site._registry:
        for suffix in ("", "add/"):
            path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/{suffix}"
            expected = 403 if (model, suffix) in written_by_commands else 200

            answer = staff.get(path)

            assert answer.status_code == expected, path
            if suffix == "":
                assert 'lang="pt-br"' in answer.content.decode()
