"""The trail in the clinic's admin, for the owner and for the auditor, who sees nothing else."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts.models import User
from audit.events.services import event_record
from audit.models import Event, EventKind
from audit.trail.entries import Entry
from audit.trail.feed import Trail
from patients.models import Patient
from scheduling.models import Room
from tenants.context import ClinicRoute, clinic_scope
from tests.conftest import PASSWORD
from tests.people import Everybody

TRAIL = "/admin/audit/event/"
ROOMS = "/admin/scheduling/room/"

pytestmark = pytest.mark.usefixtures("in_norte")


def browser(person: User) -> Client:
    client = Client(SERVER_NAME="norte.localhost")
    client.force_login(person)
    return client


@pytest.fixture
def auditor(people: Everybody) -> Client:
    return browser(people.norte.auditor)


def shown(answer: Any) -> dict[str, Any]:
    """The context of the page's template."""
    assert answer.status_code == 200
    context: dict[str, Any] = answer.context_data
    return context


def lines(answer: Any) -> list[Entry]:
    return [line["entry"] for line in shown(answer)["entries"]]


def test_the_auditor_signs_in_and_finds_only_the_trail(people: Everybody) -> None:
    auditor = Client(SERVER_NAME="norte.localhost")
    sent = {"username": people.norte.auditor.email, "password": PASSWORD}

    page = auditor.post("/admin/login/", sent, follow=True)

    assert [path for path, _ in page.redirect_chain] == ["/admin/", TRAIL]

    text = page.content.decode()
    assert "Trilha de auditoria" in text
    for closed in ("/admin/patients/patient/", "/admin/scheduling/appointment/", ROOMS):
        assert f'href="{closed}"' not in text
        assert auditor.get(closed).status_code == 403


def test_pages_lead_through_the_trail(auditor: Client) -> None:
    Room.objects.bulk_create(Room(name=f"Sala {number}", capacity=1) for number in range(60))

    first = auditor.get(TRAIL, {"table": "scheduling_room"})
    assert len(lines(first)) == 50

    second = auditor.get(f"{TRAIL}?{shown(first)['older']}")
    assert len(lines(second)) == 10
    assert shown(second)["older"] is None


def test_filters_narrow_the_trail_and_an_invalid_one_shows_nothing(
    auditor: Client, people: Everybody
) -> None:
    by_record = auditor.get(TRAIL, {"record": str(people.norte.record.pk), "user": "", "to": ""})
    assert {entry.table for entry in lines(by_record)} == {"patients_patient"}

    refused = auditor.get(TRAIL, {"user": "somebody"})
    assert (lines(refused), list(shown(refused)["form"].errors)) == ([], ["user"])


def test_a_place_that_isnt_there_is_no_page(auditor: Client) -> None:
    for nonsense in ("x", "scheduling_room:999999999", "nowhere:1"):
        assert auditor.get(TRAIL, {"after": nonsense}).status_code == 404
        assert auditor.get(f"{TRAIL}{nonsense}/").status_code == 404


def test_an_entry_shows_old_beside_new_and_marks_what_changed(
    auditor: Client, people: Everybody
) -> None:
    record = people.norte.record
    Patient.objects.filter(pk=record.pk).update(medical_history="<b>Ciatalgia</b>")
    entry = Trail(record=record.pk).page(1)[0]

    page = auditor.get(f"{TRAIL}{entry.place}/")

    changed, *others = shown(page)["values"]
    assert changed == ("Histórico médico", "Lombalgia.", "<b>Ciatalgia</b>", True)
    assert not any(differs for _label, _old, _new, differs in others)
    assert "<b>Ciatalgia" not in page.content.decode()


def test_an_event_shows_its_details(auditor: Client) -> None:
    event_record(kind=EventKind.PRINTED, details={"count": 2})
    event = Trail(kind="printed").page(1)[0]

    page = auditor.get(f"{TRAIL}{event.place}/")

    assert shown(page)["values"] == [("count", "—", "2", False)]


def test_a_view_of_a_chart_links_to_all_of_that_chart(auditor: Client, people: Everybody) -> None:
    record = people.norte.record
    event_record(kind=EventKind.CHART_VIEWED, patient_id=record.pk)
    view = Trail(kind="chart_viewed", patient=record.pk).page(1)[0]

    for page in (TRAIL, f"{TRAIL}{view.place}/"):
        assert f"?patient={record.pk}" in auditor.get(page).content.decode()


def test_the_file_has_what_the_filters_leave(auditor: Client, people: Everybody) -> None:
    Room.objects.create(name="Pilates", capacity=1)

    file = auditor.post(f"{TRAIL}export/?table=scheduling_room", {"format": "csv"})

    assert file["Content-Type"] == "text/csv; charset=utf-8"
    assert len(file.getvalue().decode().splitlines()) == 2

    event = Event.objects.get(kind=EventKind.EXPORTED)
    assert (event.user_id, event.details["filters"]) == (people.norte.auditor.pk, ["table"])


def test_an_invalid_filter_gives_no_file(auditor: Client) -> None:
    refused = auditor.post(f"{TRAIL}export/?user=x", {"format": "csv"})
    assert refused["Location"] == f"{TRAIL}?user=x"


def test_managers_dont_read_the_trail_and_see_no_link_to_it(people: Everybody) -> None:
    manager = browser(people.norte.manager)
    assert TRAIL not in manager.get("/admin/").content.decode()
    for path in (TRAIL, f"{TRAIL}audit_event:1/"):
        assert manager.get(path).status_code == 403
    assert TRAIL in browser(people.norte.owner).get("/admin/").content.decode()


def test_an_entry_of_norte_isnt_there_in_sul(people: Everybody, sul: ClinicRoute) -> None:
    Room.objects.create(name="Só do norte", capacity=1)
    place = Trail(table="scheduling_room").page(1)[0].place
    with clinic_scope(sul):
        client = Client(SERVER_NAME="sul.localhost")
        client.force_login(people.sul.owner)
    assert client.get(f"{TRAIL}{place}/").status_code == 404


def test_the_admins_writes_are_in_the_trail_and_not_in_djangos_log(
    people: Everybody,
) -> None:
    owner = browser(people.norte.owner)

    assert owner.post(f"{ROOMS}add/", {"name": "Pilates", "capacity": 4}).status_code == 302

    room = Room.objects.get()
    changed = {"name": "Pilates", "capacity": 5, "active": "on"}

    assert owner.post(f"{ROOMS}{room.pk}/change/", changed).status_code == 302
    assert owner.post(f"{ROOMS}{room.pk}/delete/", {"post": "yes"}).status_code == 302

    kinds = [entry.kind for entry in Trail(record=room.pk).page(10)]
    assert kinds == ["delete", "update", "insert"]

    users = {entry.user_id for entry in Trail(record=room.pk).page(10)}
    assert users == {people.norte.owner.pk}
    assert not LogEntry.objects.exists()
