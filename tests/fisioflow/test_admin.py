"""The two admins at work: the platform's directory, and a clinic's people and day."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from accounts.models import Role, User
from accounts.sessions import token_issue
from fisioflow.admin_sites import clinic_site, platform_site
from scheduling.models import Appointment
from tenants.context import ClinicRoute, clinic_scope, platform_scope
from tenants.directory import route_by_host, route_by_schema
from tenants.errors import ClinicClosed, ClinicNotFound
from tenants.fleet import server_cursor
from tenants.models import Clinic, Domain, Shard
from tenants.schemas import schema_exists

PEOPLE = "/admin/accounts/user/"
CLINICS, DOMAINS, SHARDS = (f"/admin/tenants/{name}/" for name in ("clinic", "domain", "shard"))
STRONG = "pilates na segunda"
BIA = {
    "full_name": "Bia Reis",
    "email": "bia@norte.example",
    "role": "therapist",
    "crefito": "3/4321-F",
    "new_password": STRONG,
}
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


def browser(person: User, host: str) -> Client:
    client = Client(SERVER_NAME=host)
    client.force_login(person)
    return client


@pytest.fixture
def owner(people: SimpleNamespace, in_norte: ClinicRoute) -> Client:
    return browser(people.norte.owner, "norte.localhost")


@pytest.fixture
def manager(people: SimpleNamespace, in_norte: ClinicRoute) -> Client:
    return browser(people.norte.manager, "norte.localhost")


@pytest.fixture
def root(people: SimpleNamespace) -> User:
    with platform_scope():
        made: User = User.objects.create_superuser(
            "root@fisioflow.example", STRONG, full_name="Root"
        )
    return made


@pytest.fixture
def staff(root: User) -> Client:
    with platform_scope():
        return browser(root, "localhost")


def page_of(person: User) -> str:
    return f"{PEOPLE}{person.pk}/change/"


def form_of(answer: Any) -> Any:
    assert answer.status_code == 200
    return shown(answer)["adminform"].form


def shown(answer: Any) -> dict[str, Any]:
    """What the page was made of."""
    context: dict[str, Any] = answer.context_data
    return context


def as_sent(person: User, **changes: Any) -> dict[str, Any]:
    """What the browser would send for this person."""
    fields = {name: getattr(person, name) for name in ("full_name", "email", "role", "crefito")}
    kept = fields | {"is_active": "on", "new_password": ""} | changes
    return {name: value for name, value in kept.items() if value is not None}


# --- A clinic's people ------------------------------------------------------------------------


def test_an_owner_adds_a_therapist_who_signs_in(owner: Client) -> None:
    assert owner.post(f"{PEOPLE}add/", BIA).status_code == 302
    bia = User.objects.get(email="bia@norte.example")
    assert (bia.role, bia.crefito, bia.is_active) == ("therapist", "3/4321-F", True)
    assert bia.check_password(STRONG)
    answer = Client(SERVER_NAME="norte.localhost").post(
        "/api/v1/auth/token",
        {"email": bia.email, "password": STRONG},
        content_type="application/json",
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "Owner@norte.example"}, "email"),
        ({"crefito": ""}, "crefito"),
        ({"new_password": ""}, "new_password"),
        ({"new_password": "12345678"}, "new_password"),
        ({"new_password": "bia@norte.example"}, "new_password"),
        ({"role": "platform"}, "role"),
        ({"role": "astronaut"}, "role"),
        ({"full_name": "B" * 101}, "full_name"),
        ({"full_name": "B\0"}, "full_name"),
    ],
)
def test_what_is_wrong_is_told_beside_the_field(
    owner: Client, changes: dict[str, str], field: str
) -> None:
    assert set(form_of(owner.post(f"{PEOPLE}add/", BIA | changes)).errors) == {field}


def test_a_manager_gives_no_role_above_their_own(manager: Client, people: SimpleNamespace) -> None:
    choices = form_of(manager.get(f"{PEOPLE}add/")).fields["role"].choices
    assert [value for value, _ in choices] == [
        "",
        "manager",
        "therapist",
        "receptionist",
        "patient",
    ]
    assert set(form_of(manager.post(f"{PEOPLE}add/", BIA | {"role": "owner"})).errors) == {"role"}
    promoted = as_sent(people.norte.receptionist, role="owner")
    answer = manager.post(page_of(people.norte.receptionist), promoted)
    assert set(form_of(answer).errors) == {"role"}
    assert User.objects.get(pk=people.norte.receptionist.pk).role == Role.RECEPTIONIST


def test_a_manager_reads_the_owner_and_changes_nothing(
    manager: Client, people: SimpleNamespace
) -> None:
    page = manager.get(page_of(people.norte.owner))
    assert page.status_code == 200
    assert not shown(page)["has_change_permission"]
    for changes in ({"role": "patient"}, {"new_password": STRONG}, {"is_active": None}):
        sent = as_sent(people.norte.owner, **changes)
        assert manager.post(page_of(people.norte.owner), sent).status_code == 403
    owner = User.objects.get(pk=people.norte.owner.pk)
    assert (owner.role, owner.is_active, owner.check_password(STRONG)) == ("owner", True, False)


def test_a_promotion_between_the_look_and_the_click_is_refused_in_the_form(
    manager: Client, people: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = people.norte.receptionist
    monkeypatch.setattr("accounts.admin.PersonAdmin.has_change_permission", lambda *_: True)
    User.objects.filter(pk=person.pk).update(role="owner")
    answer = manager.post(page_of(person), as_sent(person, full_name="Outra"))
    assert form_of(answer).errors
    assert User.objects.get(pk=person.pk).full_name == person.full_name


def test_deactivating_ends_the_sign_ins_and_there_is_no_deleting(
    owner: Client, people: SimpleNamespace
) -> None:
    token_issue(user=people.norte.therapist)
    sent = as_sent(people.norte.therapist, is_active=None)
    assert owner.post(page_of(people.norte.therapist), sent).status_code == 302
    therapist = User.objects.get(pk=people.norte.therapist.pk)
    assert not therapist.is_active
    assert set(therapist.token_families.values_list("revoked_for", flat=True)) == {"deactivated"}
    delete = f"{PEOPLE}{therapist.pk}/delete/"
    assert owner.post(delete, {"post": "yes"}).status_code == 403


def test_a_new_password_is_the_persons_alone_and_one_keeps_ones_own_session(
    owner: Client, people: SimpleNamespace
) -> None:
    before = people.norte.therapist.password
    assert owner.post(page_of(people.norte.therapist), as_sent(people.norte.therapist)).status_code
    assert User.objects.get(pk=people.norte.therapist.pk).password == before
    sent = as_sent(people.norte.owner, new_password=STRONG, role=None, is_active=None)
    assert owner.post(page_of(people.norte.owner), sent).status_code == 302
    assert User.objects.get(pk=people.norte.owner.pk).check_password(STRONG)
    assert owner.get("/admin/").status_code == 200


def test_nobody_steps_down_or_out_by_mistake(owner: Client, people: SimpleNamespace) -> None:
    sent = as_sent(people.norte.owner, role="patient", is_active=None)
    assert owner.post(page_of(people.norte.owner), sent).status_code == 302
    myself = User.objects.get(pk=people.norte.owner.pk)
    assert (myself.role, myself.is_active) == ("owner", True)


def test_people_are_found_by_name_role_and_state(owner: Client, people: SimpleNamespace) -> None:
    for query, expected in (
        ({"q": "receptionist"}, [people.norte.receptionist]),
        ({"role": "therapist"}, [people.norte.therapist]),
        ({"role": "nonsense", "q": "owner"}, [people.norte.owner]),
        ({"is_active__exact": "0"}, []),
    ):
        answer = owner.get(PEOPLE, query)
        assert list(shown(answer)["cl"].result_list) == expected, query


def test_the_clinics_day_opens_the_admin(owner: Client, people: SimpleNamespace) -> None:
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    for start, status in (
        (noon, "scheduled"),
        (noon + timedelta(hours=2), "cancelled"),
        (noon + timedelta(days=3), "scheduled"),
        (noon - timedelta(days=1), "completed"),
    ):
        Appointment.objects.create(
            patient=people.norte.record,
            therapist=people.norte.therapist,
            start_time=start,
            end_time=start + timedelta(minutes=50),
            status=status,
        )
    page = owner.get("/admin/")
    counts = [count for _, count, _ in shown(page)["cards"]]
    assert counts == [1, 2, 1]
    assert len(shown(page)["agenda"]["rows"]) == 1
    assert people.norte.record.name in page.content.decode()
    for link in ("/admin/patients/patient/", "/admin/scheduling/appointment/", PEOPLE):
        assert f'href="{link}"' in page.content.decode()


# --- The platform's directory -----------------------------------------------------------------


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
def test_a_clinic_that_cannot_be_made_is_told_in_the_form_and_leaves_nothing(
    staff: Client, changes: dict[str, str], field: str
) -> None:
    assert set(form_of(staff.post(f"{CLINICS}add/", LESTE | changes)).errors) == {field}
    with platform_scope():
        assert Clinic.objects.count() == 2
    with server_cursor("shard_2") as cursor:
        assert not schema_exists(cursor, "leste")


def test_a_shard_that_closed_after_the_form_was_opened_is_told_in_the_form(
    staff: Client, in_platform: None
) -> None:
    Shard.objects.update(state=Shard.State.DRAINING)
    assert set(form_of(staff.post(f"{CLINICS}add/", LESTE | {"shard": ""})).errors) == {"__all__"}


def test_name_plan_and_time_zone_change_and_the_cached_route_goes(
    staff: Client, norte: ClinicRoute, django_capture_on_commit_callbacks: Any
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
    answer = staff.post(f"{CLINICS}{norte.clinic_id}/change/", sent | {"time_zone": "Nowhere"})
    assert set(form_of(answer).errors) == {"time_zone"}


def test_a_clinic_is_closed_and_reopened_after_a_question(
    staff: Client, norte: ClinicRoute, django_capture_on_commit_callbacks: Any
) -> None:
    page = f"{CLINICS}{norte.clinic_id}"
    assert f"{page}/close/" in staff.get(f"{page}/change/").content.decode()
    question = staff.get(f"{page}/close/")
    assert question.status_code == 200
    assert route_by_host("norte.localhost") == norte  # asking changes nothing
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
    page = f"{CLINICS}{norte.clinic_id}"
    answer = staff.post(f"{page}/close/", {"_form_submitted": "True"}, follow=True)
    assert [message.level_tag for message in answer.context["messages"]] == ["error"]


def test_a_clinic_is_never_deleted(staff: Client, norte: ClinicRoute) -> None:
    assert staff.post(f"{CLINICS}{norte.clinic_id}/delete/", {"post": "yes"}).status_code == 403
    page = staff.get(CLINICS)
    assert "delete_selected" not in page.content.decode()
    answer = staff.post(CLINICS, {"action": "delete_selected", "_selected_action": norte.clinic_id})
    assert answer.status_code in (200, 302)
    assert route_by_schema("norte") == norte


def test_a_host_name_is_added_and_removed(
    staff: Client, norte: ClinicRoute, django_capture_on_commit_callbacks: Any
) -> None:
    wrong = staff.post(f"{DOMAINS}add/", {"tenant": norte.clinic_id, "domain": "No Host"})
    assert set(form_of(wrong).errors) == {"domain"}
    added = staff.post(f"{DOMAINS}add/", {"tenant": norte.clinic_id, "domain": "agenda.localhost"})
    assert added.status_code == 302
    assert route_by_host("agenda.localhost") == norte
    taken = {"tenant": norte.clinic_id, "domain": "sul.localhost"}
    assert form_of(staff.post(f"{DOMAINS}add/", taken)).errors
    with platform_scope():
        row = Domain.objects.get(domain="agenda.localhost")
        primary = Domain.objects.get(domain="norte.localhost")
    assert staff.post(f"{DOMAINS}{row.pk}/change/", {"domain": "x.localhost"}).status_code == 403
    with django_capture_on_commit_callbacks(execute=True):
        assert staff.post(f"{DOMAINS}{row.pk}/delete/", {"post": "yes"}).status_code == 302
    with pytest.raises(ClinicNotFound):
        route_by_host("agenda.localhost")
    answer = staff.post(f"{DOMAINS}{primary.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 403  # the main one stays
    assert route_by_host("norte.localhost") == norte


def test_a_shard_drains_and_is_closed_only_when_empty(staff: Client, in_platform: None) -> None:
    page = f"{SHARDS}shard_1/change/"
    assert staff.post(page, {"state": "draining", "weight": "50"}).status_code == 302
    shard = Shard.objects.get(alias="shard_1")
    assert (shard.state, shard.weight) == ("draining", 50)
    assert form_of(staff.post(page, {"state": "closed", "weight": "50"})).errors
    assert set(form_of(staff.post(page, {"state": "open", "weight": "0"})).errors) == {"weight"}
    listed = {shard.alias: shard.count for shard in shown(staff.get(SHARDS))["cl"].result_list}
    assert listed == {"shard_1": 1, "shard_2": 1}
    assert staff.get(f"{SHARDS}add/").status_code == 403
    Clinic.objects.filter(shard="shard_2").delete()
    closed = staff.post(f"{SHARDS}shard_2/change/", {"state": "closed", "weight": "100"})
    assert closed.status_code == 302


def test_staff_are_added_and_deactivated_and_have_no_other_role(
    staff: Client, root: User, in_platform: None
) -> None:
    sent = {"full_name": "Ana Ops", "email": "ana@fisioflow.example", "new_password": STRONG}
    assert staff.post(f"{PEOPLE}add/", sent | {"role": "owner"}).status_code == 302
    ana = User.objects.get(email="ana@fisioflow.example")
    assert (ana.role, ana.is_superuser) == (Role.PLATFORM, True)
    assert set(form_of(staff.post(f"{PEOPLE}add/", sent)).errors) == {"email"}
    off = {"full_name": "Ana Ops", "email": ana.email, "new_password": ""}
    assert staff.post(page_of(ana), off).status_code == 302
    assert not User.objects.get(pk=ana.pk).is_active
    assert staff.post(page_of(root), off | {"email": root.email}).status_code == 302
    assert User.objects.get(pk=root.pk).is_active


def test_the_schedule_of_periodic_work_is_kept(staff: Client, in_platform: None) -> None:
    pages = "/admin/django_celery_beat/"
    assert (
        staff.post(
            f"{pages}intervalschedule/add/", {"every": "10", "period": "minutes"}
        ).status_code
        == 302
    )
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


# --- Every page -------------------------------------------------------------------------------


def test_every_page_of_the_platform_opens_in_portuguese(staff: Client) -> None:
    for model in platform_site._registry:
        for suffix in ("", "add/"):
            path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/{suffix}"
            answer = staff.get(path)
            assert answer.status_code == (403 if (model, suffix) == (Shard, "add/") else 200), path
            if suffix == "":
                assert 'lang="pt-br"' in answer.content.decode()


def test_every_page_of_the_clinic_opens(owner: Client) -> None:
    for model in clinic_site._registry:
        for suffix in ("", "add/"):
            path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/{suffix}"
            assert owner.get(path).status_code == 200, path


def test_clinics_people_reach_nothing_of_the_directory(owner: Client) -> None:
    for path in (CLINICS, DOMAINS, SHARDS, "/admin/django_celery_beat/periodictask/"):
        assert owner.get(path).status_code == 404


def test_a_clinic_is_made_outside_of_the_admins_transaction(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inside it, a failure after the shard's commit would leave a schema that nobody lists."""
    depths = []

    def note_the_depth(**_: Any) -> Clinic:
        depths.append(len(connections["default"].savepoint_ids))
        raise ClinicNotFound

    monkeypatch.setattr("fisioflow.admin.clinic_create", note_the_depth)
    before = len(connections["default"].savepoint_ids)
    assert form_of(staff.post(f"{CLINICS}add/", LESTE)).errors
    assert depths == [before]
