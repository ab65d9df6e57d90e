"""The history of a record in the admin: versions, what each changed, and reverting to one."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models import Model
from django.test import Client

from accounts.models import User
from audit.trail.entries import HIDDEN
from patients.models import ClinicalNote, Patient
from patients.services import note_draft, note_revise, note_sign
from scheduling.models import Room
from scheduling.services import room_update
from tenants.context import platform_scope
from tests.audit.test_trail_admin import browser
from tests.people import Everybody

pytestmark = pytest.mark.usefixtures("in_norte")


@pytest.fixture
def owner(people: Everybody) -> Client:
    return browser(people.norte.owner)


def page_of(record: Model) -> str:
    return f"/admin/{record._meta.app_label}/{record._meta.model_name}/{record.pk}/history/"


def versions(answer: Any) -> list[Any]:
    assert answer.status_code == 200
    return list(answer.context["page_obj"])


def changes(version: Any) -> dict[str, tuple[str, str]]:
    shown = getattr(version, "history_delta_changes", [])
    return {change["field"]: (change["old"], change["new"]) for change in shown}


def a_room() -> Room:
    room = Room.objects.create(name="Pilates", capacity=4)
    room_update(acting_user=None, room=room, changes={"capacity": 6})
    room_update(acting_user=None, room=room, changes={"name": "Estúdio"})
    return room


def test_every_version_says_what_it_changed(owner: Client) -> None:
    latest, middle, first = versions(owner.get(page_of(a_room())))
    assert changes(latest) == {"Nome": ("Pilates", "Estúdio")}
    assert changes(middle) == {"Capacidade": ("4", "6")}
    assert changes(first) == {}


def test_the_last_version_of_a_page_is_compared_with_the_next_page(
    owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduling.admin.RoomAdmin.history_list_per_page", 2)
    _, last = versions(owner.get(page_of(a_room())))
    assert changes(last) == {"Capacidade": ("4", "6")}


def test_an_owner_goes_back_to_a_version_through_the_service(
    owner: Client, people: Everybody
) -> None:
    room = a_room()
    first = Room.history.filter(id=room.pk).last()
    page = f"{page_of(room)}{first.history_id}/"

    form = owner.get(page).context["adminform"].form
    assert (form["name"].value(), form["capacity"].value()) == ("Pilates", 4)

    sent = {"name": "Pilates", "capacity": 4, "active": "on"}
    assert owner.post(page, sent).status_code == 302

    room.refresh_from_db()
    assert (room.name, room.capacity) == ("Pilates", 4)

    latest = Room.history.filter(id=room.pk).first()
    assert latest.history_change_reason == f"revert to version {first.history_id}"
    assert latest.history_user_id == people.norte.owner.pk


def test_no_reason_names_a_version_that_isnt_there(owner: Client) -> None:
    room = a_room()
    page = f"{page_of(room)}987654321/"
    sent = {"name": "Outra", "capacity": 4, "active": "on"}

    assert owner.post(page, sent).status_code == 404

    room.refresh_from_db()
    assert room.name == "Estúdio"


def test_a_version_that_the_rules_no_longer_allow_comes_back_with_the_reason(
    owner: Client,
) -> None:
    room = a_room()
    Room.objects.create(name="Pilates", capacity=1)
    first = Room.history.filter(id=room.pk).last()
    sent = {"name": "Pilates", "capacity": 4, "active": "on"}

    answer = owner.post(f"{page_of(room)}{first.history_id}/", sent)
    assert "name" in answer.context["adminform"].form.errors

    room.refresh_from_db()
    assert room.name == "Estúdio"


@pytest.fixture
def draft(people: Everybody) -> ClinicalNote:
    return note_draft(
        acting_user=people.norte.therapist,
        patient=people.norte.record,
        kind="evolution",
        plan="Rascunho.",
    )


def sign(note: ClinicalNote, people: Everybody) -> None:
    therapist = people.norte.therapist
    note_revise(acting_user=therapist, note=note, changes={"plan": "Manter a conduta."})
    note_sign(acting_user=therapist, note=note)


def test_a_note_is_shown_from_its_signing_on(
    owner: Client, people: Everybody, draft: ClinicalNote
) -> None:
    as_draft = ClinicalNote.history.filter(id=draft.pk).first()
    assert owner.get(page_of(draft)).status_code == 302

    sign(draft, people)

    answer = owner.get(page_of(draft))
    assert len(versions(answer)) == 1
    assert "Rascunho" not in answer.content.decode()
    assert owner.get(f"{page_of(draft)}{as_draft.history_id}/").status_code == 404


def test_a_signed_note_isnt_reverted(owner: Client, people: Everybody, draft: ClinicalNote) -> None:
    sign(draft, people)
    (signed,) = versions(owner.get(page_of(draft)))
    version = f"{page_of(draft)}{signed.history_id}/"

    page = owner.get(version)

    assert "Manter a conduta." in page.content.decode()
    assert "Reverter" not in page.content.decode()
    assert owner.post(version, {"plan": "Alta."}).status_code == 403


def test_a_changed_password_is_named_and_not_shown(owner: Client, people: Everybody) -> None:
    therapist = User.objects.get(pk=people.norte.therapist.pk)
    digest = User.history.filter(id=therapist.pk).first().password
    therapist.set_password("pilates na segunda")
    therapist.save()

    answer = owner.get(page_of(therapist))
    assert changes(versions(answer)[0])["Senha"] == (HIDDEN, HIDDEN)
    assert digest not in answer.content.decode()


def test_a_record_that_the_admin_doesnt_show_has_no_history_there(
    owner: Client, people: Everybody
) -> None:
    record = people.norte.record
    version = Patient.history.filter(id=record.pk).first().history_id
    Patient.objects.filter(pk=record.pk).update(deleted_at="2026-03-02T12:00:00Z")

    for path in (page_of(record), f"{page_of(record)}{version}/"):
        assert owner.get(path).status_code == 302
        assert owner.post(path).status_code == 302


def test_a_version_that_isnt_there_has_no_page(owner: Client) -> None:
    room = a_room()

    assert owner.get(f"{page_of(room)}{10**12}/").status_code == 404
    assert owner.get("/admin/scheduling/room/nonsense/history/").status_code == 302


def test_the_platforms_admin_keeps_its_log(people: Everybody) -> None:
    with platform_scope():
        root = User.objects.create_superuser("root@fisioflow.example", full_name="Root")
        staff = Client(SERVER_NAME="localhost")
        staff.force_login(root)

        sent = {"full_name": "Raiz", "email": root.email, "new_password": ""}
        answer = staff.post(f"/admin/accounts/user/{root.pk}/change/", sent)
        assert answer.status_code == 302
        assert LogEntry.objects.filter(object_id=str(root.pk)).exists()

        history = staff.get(page_of(root))
        assert changes(versions(history)[0])["Nome completo"] == ("Root", "Raiz")
