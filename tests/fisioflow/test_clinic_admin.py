"""A clinic's admin: its people, whose roles nobody raises above their own, and its day."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.admin_sites import clinic_site
from accounts.models import Role, User
from accounts.sessions import token_issue
from audit.models import Event
from scheduling.models import Appointment
from tests.fisioflow.conftest import PEOPLE, STRONG, form_of, page_of, shown
from tests.people import Everybody

BIA = {
    "full_name": "Bia Reis",
    "email": "bia@norte.example",
    "role": "therapist",
    "crefito": "3/4321-F",
    "new_password": STRONG,
}


def as_sent(person: User, **changes: Any) -> dict[str, Any]:
    """What the browser would send for this person."""
    fields = {name: getattr(person, name) for name in ("full_name", "email", "role", "crefito")}
    kept = fields | {"is_active": "on", "new_password": ""} | changes
    return {name: value for name, value in kept.items() if value is not None}


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
def test_a_wrong_value_is_reported_beside_its_field(
    owner: Client, changes: dict[str, str], field: str
) -> None:
    assert set(form_of(owner.post(f"{PEOPLE}add/", BIA | changes)).errors) == {field}


def test_a_manager_gives_no_role_above_their_own(manager: Client, people: Everybody) -> None:
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


def test_a_manager_reads_the_owner_and_changes_nothing(manager: Client, people: Everybody) -> None:
    page = manager.get(page_of(people.norte.owner))
    assert page.status_code == 200
    assert not shown(page)["has_change_permission"]

    for changes in ({"role": "patient"}, {"new_password": STRONG}, {"is_active": None}):
        sent = as_sent(people.norte.owner, **changes)
        assert manager.post(page_of(people.norte.owner), sent).status_code == 403

    owner = User.objects.get(pk=people.norte.owner.pk)
    assert (owner.role, owner.is_active, owner.check_password(STRONG)) == ("owner", True, False)


def test_a_promotion_between_the_look_and_the_click_is_refused_in_the_form(
    manager: Client, people: Everybody, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = people.norte.receptionist
    monkeypatch.setattr("accounts.admin.PersonAdmin.has_change_permission", lambda *_: True)
    User.objects.filter(pk=person.pk).update(role="owner")

    answer = manager.post(page_of(person), as_sent(person, full_name="Outra"))

    assert form_of(answer).errors
    assert User.objects.get(pk=person.pk).full_name == person.full_name


def test_deactivating_a_person_ends_their_sign_ins(owner: Client, people: Everybody) -> None:
    token_issue(user=people.norte.therapist)
    sent = as_sent(people.norte.therapist, is_active=None)
    assert owner.post(page_of(people.norte.therapist), sent).status_code == 302

    therapist = User.objects.get(pk=people.norte.therapist.pk)
    assert not therapist.is_active
    assert set(therapist.token_families.values_list("revoked_for", flat=True)) == {"deactivated"}


def test_a_person_is_never_deleted(owner: Client, people: Everybody) -> None:
    delete = f"{PEOPLE}{people.norte.therapist.pk}/delete/"
    assert owner.post(delete, {"post": "yes"}).status_code == 403


def test_saving_without_a_new_password_keeps_the_old_one(owner: Client, people: Everybody) -> None:
    therapist = people.norte.therapist
    assert owner.post(page_of(therapist), as_sent(therapist)).status_code == 302
    assert User.objects.get(pk=therapist.pk).password == therapist.password


def test_changing_ones_own_password_keeps_the_session(owner: Client, people: Everybody) -> None:
    sent = as_sent(people.norte.owner, new_password=STRONG, role=None, is_active=None)
    assert owner.post(page_of(people.norte.owner), sent).status_code == 302
    assert User.objects.get(pk=people.norte.owner.pk).check_password(STRONG)
    assert owner.get("/admin/").status_code == 200


def test_nobody_takes_their_own_role_or_access_away(owner: Client, people: Everybody) -> None:
    sent = as_sent(people.norte.owner, role="patient", is_active=None)
    assert owner.post(page_of(people.norte.owner), sent).status_code == 302
    myself = User.objects.get(pk=people.norte.owner.pk)
    assert (myself.role, myself.is_active) == ("owner", True)


def test_people_are_found_by_name_role_and_state(owner: Client, people: Everybody) -> None:
    for query, expected in (
        ({"q": "receptionist"}, [people.norte.receptionist]),
        ({"role": "therapist"}, [people.norte.therapist]),
        ({"role": "nonsense", "q": "owner"}, [people.norte.owner]),
        ({"is_active__exact": "0"}, []),
    ):
        answer = owner.get(PEOPLE, query)
        assert list(shown(answer)["cl"].result_list) == expected, query


def test_the_clinics_day_opens_the_admin(owner: Client, people: Everybody) -> None:
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


def test_every_page_of_the_clinic_opens(owner: Client) -> None:
    for model in clinic_site._registry:
        for suffix in ("", "add/"):
            path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/{suffix}"
            # Clinicians and patients write these in the API.
            written_elsewhere = {"clinicalnote", "document", "prescription", "exerciselog"}
            closed = suffix and model._meta.model_name in written_elsewhere
            expected = 404 if suffix and model is Event else 403 if closed else 200
            assert owner.get(path).status_code == expected, path


def test_a_clinics_people_reach_nothing_of_the_directory(owner: Client) -> None:
    for path in ("tenants/clinic", "tenants/shard", "django_celery_beat/periodictask"):
        assert owner.get(f"/admin/{path}/").status_code == 404
