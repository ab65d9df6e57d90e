"""Every write, by anybody and in any way, is in the history once, in the same transaction."""

import json
from urllib.parse import quote

import pytest
from django.db import connections, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from simple_history.utils import bulk_create_with_history, update_change_reason

from accounts.models import Role, User
from accounts.services import user_create
from audit.models import Event
from core.actor import Actor, acting
from patients.models import Patient
from scheduling.models import Room
from tenants.context import ClinicRoute, clinic_scope
from tests.audit.fixture_types import Sql
from tests.people import Api, Everybody, FreshClinic

pytestmark = pytest.mark.usefixtures("in_norte")


def types(row: Room | User) -> list[str]:
    """What happened to a row, oldest first."""
    return list(row.history.order_by("history_id").values_list("history_type", flat=True))


@pytest.fixture
def room() -> Room:
    return Room.objects.create(name="Sala 1")


def test_a_save_is_one_version_with_the_stored_row(room: Room) -> None:
    room.name = "Sala Azul"
    room.capacity = 99  # not saved
    room.save(update_fields=["name"])
    assert types(room) == ["+", "~"]
    latest = room.history.first()
    assert (latest.name, latest.capacity) == ("Sala Azul", 1)


def test_update_and_f_expressions(room: Room) -> None:
    Room.objects.update(capacity=F("capacity") + 3)
    Room.objects.filter(pk=room.pk).update(name=Concat("name", Value(" grande")))
    assert types(room) == ["+", "~", "~"]
    assert room.history.first().capacity == 4


def test_bulk_create_and_bulk_update() -> None:
    rooms = Room.objects.bulk_create([Room(name=f"Sala {n}") for n in range(3)])
    for room in rooms:
        room.capacity = 2
    Room.objects.bulk_update(rooms, ["capacity"])
    assert [types(room) for room in rooms] == [["+", "~"]] * 3


def test_an_insert_that_turns_into_an_update(room: Room) -> None:
    again = Room(pk=room.pk, name="Sala Nova")
    Room.objects.bulk_create(
        [again], update_conflicts=True, unique_fields=["id"], update_fields=["name"]
    )
    assert types(room) == ["+", "~"]
    assert room.history.first().name == "Sala Nova"


def test_raw_sql_and_delete(room: Room, sql: Sql) -> None:
    sql("UPDATE scheduling_room SET capacity = 7 WHERE id = %s", [room.pk])
    sql("DELETE FROM scheduling_room WHERE id = %s", [room.pk])
    assert types(room) == ["+", "~", "-"]
    assert room.history.first().capacity == 7


def test_an_update_that_changes_nothing_leaves_no_version(room: Room) -> None:
    Room.objects.update(name=F("name"), capacity=F("capacity"))
    assert types(room) == ["+"]


def test_what_is_rolled_back_leaves_no_version(room: Room) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic(using="shard_1"):
        Room.objects.update(capacity=9)
        raise ZeroDivisionError
    assert types(room) == ["+"]


def test_the_packages_own_writers_write_nothing_a_second_time() -> None:
    rooms = bulk_create_with_history([Room(name="Sala X"), Room(name="Sala Y")], Room)
    assert [types(room) for room in rooms] == [["+"], ["+"]]
    with pytest.raises(Exception, match="permission denied"), transaction.atomic(using="shard_1"):
        update_change_reason(rooms[0], "an afterthought")


def test_kill_switches_kill_nothing(room: Room, settings: Settings, sql: Sql) -> None:
    settings.SIMPLE_HISTORY_ENABLED = False
    sql("SELECT set_config('pgtrigger.ignore', '{scheduling_room:history}', true)")

    room.save_without_historical_record()  # type: ignore[attr-defined]
    room.capacity = 5
    room.skip_history_when_saving = True  # type: ignore[attr-defined]
    room.save()

    assert types(room) == ["+", "~", "~"]


@pytest.fixture
def resized(room: Room) -> Room:
    """A room with four versions, three of them from one transaction."""
    with transaction.atomic(using="shard_1"):
        for capacity in (2, 3, 4):
            Room.objects.update(capacity=capacity)
    return room


def test_versions_of_one_transaction_have_an_order(resized: Room) -> None:
    last, before, *_ = resized.history.all()

    assert [change.field for change in last.diff_against(before).changes] == ["capacity"]
    assert (last.prev_record, before.next_record) == (before, last)
    assert last.next_record is None


def test_as_of_tells_between_versions_of_one_transaction(resized: Room) -> None:
    before = resized.history.all()[1]

    assert resized.history.as_of(before.history_date).capacity == 3
    then = Room.history.as_of(before.history_date)
    assert [each.capacity for each in then] == [3]

    Room.objects.all().delete()

    assert not Room.history.as_of(Room.history.first().history_date).exists()
    assert Room.history.as_of(before.history_date).get().capacity == 3


def test_who_why_and_from_where(room: Room, sql: Sql) -> None:
    ana = Actor(
        user_id="01890000-0000-7000-8000-000000000001",
        label="Ana Souza",
        request_id="r-1",
        ip_address="203.0.113.9",
        user_agent="Firefox",
        reason="a wall came down",
    )

    with acting(ana):
        Room.objects.update(capacity=2)
        (xid,) = sql("SELECT pg_current_xact_id()::text")[0]

    version = room.history.first()
    assert str(version.history_user_id) == ana.user_id
    assert version.actor_label == version.history_user == "Ana Souza"
    assert version.history_change_reason == "a wall came down"
    assert (version.ip_address, version.user_agent) == ("203.0.113.9", "Firefox")
    assert (version.request_id, version.xid) == ("r-1", int(xid))


def test_the_actor_takes_no_extra_round_trip(fresh_clinic: FreshClinic) -> None:
    connections["shard_1"].close()
    with clinic_scope(fresh_clinic.route), acting(Actor(label="Ana")):
        with CaptureQueriesContext(connections["shard_1"]) as queries:
            Room.objects.create(name="Sala 2")
    assert len(queries) == 2  # entered with the actor's name in it, inserted


def test_nobody_writes_unnamed(room: Room) -> None:
    with acting(Actor()), pytest.raises(Exception, match="nobody acts"):
        with transaction.atomic(using="shard_1"):
            Room.objects.update(capacity=2)
    assert types(room) == ["+"]


def test_a_password_is_in_the_history_as_a_digest(in_norte: ClinicRoute) -> None:
    ana = user_create(
        acting_user=None,
        email="ana@norte.example",
        full_name="Ana",
        role=Role.RECEPTIONIST,
        password="first of hers",
    )

    first = ana.history.first().password
    assert (len(first), ana.password in first) == (64, False)

    ana.set_password("second of hers")
    ana.save()

    assert types(ana)[-1] == "~"
    assert ana.history.first().password != first


def test_the_trail_stays_when_the_person_is_deleted(in_norte: ClinicRoute) -> None:
    ana = User.objects.create_user("ana@norte.example", full_name="Ana", role=Role.RECEPTIONIST)
    with acting(Actor(user_id=str(ana.pk), label="Ana")):
        room = Room.objects.create(name="Sala da Ana")
    key = ana.pk

    ana.delete()

    version = room.history.get()
    assert (version.history_user_id, version.actor_label) == (key, "Ana")


def test_a_request_names_its_person_and_its_id(
    api: Api, people: Everybody, norte: ClinicRoute
) -> None:
    client = api(people.norte.receptionist, HTTP_X_REQUEST_ID="request-0042")
    body = {"name": "Sala do Pedido", "capacity": 2}

    assert client.post("/api/v1/rooms", body, HTTP_USER_AGENT="app/1").status_code == 201

    version = Room.objects.get(name="Sala do Pedido").history.get()
    assert version.history_user_id == people.norte.receptionist.pk
    assert (version.request_id, version.user_agent) == ("request-0042", "app/1")
    assert version.ip_address == "127.0.0.1"


def test_a_request_says_why_and_events_dont_repeat_it(
    api: Api, people: Everybody, norte: ClinicRoute
) -> None:
    why = "Correção pedida pela paciente\n\0" + "." * 300
    client = api(people.norte.owner, HTTP_X_CHANGE_REASON=quote(why))
    record = people.norte.record

    answer = client.patch(f"/api/v1/patients/{record.pk}", {"name": "Nome Corrigido"})

    assert answer.status_code == 200
    version = record.history.latest()
    assert version.history_change_reason.startswith("Correção pedida pela paciente....")
    assert len(version.history_change_reason) == 200
    assert {event.reason for event in Event.objects.filter(patient_id=record.pk)} == {""}


def test_every_clinic_has_its_own_history(norte: ClinicRoute, sul: ClinicRoute) -> None:
    with clinic_scope(norte):
        Patient.objects.update(medical_history="Cervicalgia.")
        mine = Patient.history.filter(medical_history="Cervicalgia.").count()
    with clinic_scope(sul):
        theirs = Patient.history.filter(medical_history="Cervicalgia.").count()
    assert (mine, theirs) == (1, 0)


def test_the_trail_reads_the_actor_from_the_setting(sql: Sql) -> None:
    (sent,) = sql("SELECT current_setting('fisioflow.actor')")[0]
    assert json.loads(sent) == {"label": "job:tests"}
