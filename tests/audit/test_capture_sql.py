"""SQL that the ORM doesn't write: the history has it, in its order, or it is refused."""

from contextlib import suppress
from importlib import import_module
from uuid import UUID

import psycopg
import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.utils import DatabaseError

from core.actor import Actor, acting
from core.ids import uuid7
from scheduling.models import Room
from tenants.context import clinic_scope
from tests.audit.fixture_types import AsApplication, Connection
from tests.audit.tampering import problems
from tests.people import Everybody, FreshClinic

COLUMNS = "(id, name, capacity, active, created_at, updated_at)"
ROW = "%(id)s, %(name)s, 1, true, now(), now()"
AGAIN = "%(id)s, 'Sala Outra', 2, true, now(), now()"
EXCLUDED = "ON CONFLICT (id) DO UPDATE SET capacity = excluded.capacity"


@pytest.fixture
def application(as_application: AsApplication) -> Connection:
    return as_application()


def room_made(application: Connection, name: str = "Sala 1") -> UUID:
    key = uuid7()
    application.execute(
        f"INSERT INTO scheduling_room {COLUMNS} VALUES ({ROW})", {"id": key, "name": name}
    )
    return key


def versions(application: Connection, key: UUID) -> list[tuple[str, int]]:
    """What happened to the room, and its capacity then; oldest first."""
    return application.execute(
        "SELECT history_type, capacity FROM scheduling_historicalroom WHERE id = %s"
        " ORDER BY history_id",
        [key],
    ).fetchall()


def test_copy(application: Connection, fresh_clinic: FreshClinic) -> None:
    keys = [uuid7(), uuid7()]
    with application.cursor().copy(f"COPY scheduling_room {COLUMNS} FROM STDIN") as rows:
        for key in keys:
            rows.write_row((key, f"Sala {key}", 3, True, "2026-01-01", "2026-01-01"))
    assert [versions(application, key) for key in keys] == [[("+", 3)], [("+", 3)]]
    assert problems(fresh_clinic.route) == set()


def test_merge(application: Connection, fresh_clinic: FreshClinic) -> None:
    changed, deleted = room_made(application), room_made(application, "Sala 2")
    added = uuid7()

    application.execute(
        f"""
        MERGE INTO scheduling_room r USING (VALUES (%s::uuid, 'change'), (%s::uuid, 'delete'),
                                                   (%s::uuid, 'add')) s(id, what) ON r.id = s.id
         WHEN MATCHED AND s.what = 'change' THEN UPDATE SET capacity = 5
         WHEN MATCHED THEN DELETE
         WHEN NOT MATCHED THEN INSERT {COLUMNS} VALUES (s.id, 'Sala 3', 1, true, now(), now())
        """,
        [changed, deleted, added],
    )

    assert versions(application, changed) == [("+", 1), ("~", 5)]
    assert versions(application, deleted) == [("+", 1), ("-", 1)]
    assert versions(application, added) == [("+", 1)]
    assert problems(fresh_clinic.route) == set()


def test_merge_changes_no_key(application: Connection, fresh_clinic: FreshClinic) -> None:
    room = room_made(application)

    with pytest.raises(psycopg.errors.RestrictViolation):
        application.execute(
            "MERGE INTO scheduling_room r USING (SELECT 1) s ON r.id = %s"
            " WHEN MATCHED THEN UPDATE SET id = gen_random_uuid()",
            [room],
        )

    assert versions(application, room) == [("+", 1)]
    assert problems(fresh_clinic.route) == set()


def test_one_statement_that_writes_three_times(
    application: Connection, fresh_clinic: FreshClinic
) -> None:
    first, second, third = room_made(application), room_made(application, "Sala 2"), uuid7()

    application.execute(
        f"""
        WITH u AS (UPDATE scheduling_room SET capacity = 6 WHERE id = %(first)s),
             d AS (DELETE FROM scheduling_room WHERE id = %(second)s)
        INSERT INTO scheduling_room {COLUMNS} VALUES ({ROW})
        """,
        {"first": first, "second": second, "id": third, "name": "Sala 3"},
    )

    assert versions(application, first) == [("+", 1), ("~", 6)]
    assert versions(application, second) == [("+", 1), ("-", 1)]
    assert versions(application, third) == [("+", 1)]
    assert problems(fresh_clinic.route) == set()


def test_a_do_block(application: Connection, fresh_clinic: FreshClinic) -> None:
    room = room_made(application)
    application.execute(
        "DO $$ BEGIN UPDATE scheduling_room SET capacity = 9;"
        " UPDATE scheduling_room SET capacity = 10; END $$"
    )
    assert versions(application, room) == [("+", 1), ("~", 9), ("~", 10)]
    assert problems(fresh_clinic.route) == set()


DELETED = "WITH d AS (DELETE FROM scheduling_room WHERE id = %(id)s RETURNING *)"
REFUSED = {
    "the insert ends before the delete": (
        f"{DELETED} INSERT INTO scheduling_room SELECT * FROM d LIMIT 1"
    ),
    "the delete ends before the insert": f"{DELETED} INSERT INTO scheduling_room SELECT * FROM d",
    "neither is the statement's own": (
        f"{DELETED}, i AS (INSERT INTO scheduling_room {COLUMNS} SELECT {AGAIN} FROM d)"
        " SELECT FROM d"
    ),
    "merged": (
        "MERGE INTO scheduling_room r USING (VALUES ('delete'), ('add')) s(what)"
        " ON r.id = %(id)s AND s.what = 'delete' WHEN MATCHED THEN DELETE"
        f" WHEN NOT MATCHED THEN INSERT {COLUMNS} VALUES ({AGAIN})"
    ),
}


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED.keys())
def test_one_statement_doesnt_delete_a_row_and_insert_it_again(
    statement: str, application: Connection, fresh_clinic: FreshClinic
) -> None:
    """Its parts have no order that the history could keep."""
    room = room_made(application)

    with pytest.raises(psycopg.errors.RestrictViolation, match="deletes and inserts the same row"):
        application.execute(statement, {"id": room})

    assert versions(application, room) == [("+", 1)]
    assert problems(fresh_clinic.route) == set()


def test_a_row_comes_back_in_a_statement_of_its_own(
    application: Connection, fresh_clinic: FreshClinic
) -> None:
    room = room_made(application)

    with application.transaction():
        application.execute("DELETE FROM scheduling_room WHERE id = %s", [room])
        application.execute(f"INSERT INTO scheduling_room {COLUMNS} VALUES ({AGAIN})", {"id": room})
    application.execute("DELETE FROM scheduling_room")

    assert versions(application, room) == [("+", 1), ("-", 1), ("+", 2), ("-", 2)]
    assert problems(fresh_clinic.route) == set()


def updated(capacity: int) -> str:
    return f"UPDATE scheduling_room SET capacity = {capacity} WHERE id = %(id)s"


TWICE = {
    "changed and deleted": (
        f"WITH u AS ({updated(5)} RETURNING id) DELETE FROM scheduling_room WHERE id = %(id)s"
    ),
    "changed, and deleted as it was read": (
        f"WITH u AS ({updated(5)} RETURNING id)"
        " DELETE FROM scheduling_room r USING u WHERE r.id = u.id"
    ),
    "deleted and changed": (
        f"WITH d AS (DELETE FROM scheduling_room WHERE id = %(id)s) {updated(5)}"
    ),
    "deleted, then changed as it was read": (
        f"{DELETED} UPDATE scheduling_room r SET capacity = 5 FROM d WHERE r.id = d.id"
    ),
    "changed twice": (
        f"WITH a AS ({updated(5)} RETURNING id), b AS ({updated(6)} RETURNING id) SELECT FROM a, b"
    ),
    "changed thrice": (f"WITH a AS ({updated(5)}), b AS ({updated(6)}) {updated(7)}"),
    "added or changed": f"INSERT INTO scheduling_room {COLUMNS} VALUES ({AGAIN}) {EXCLUDED}",
    "changed, then added or changed": (
        f"WITH u AS ({updated(5)})"
        f" INSERT INTO scheduling_room {COLUMNS} VALUES ({AGAIN}) {EXCLUDED}"
    ),
    "added or changed, then changed": (
        f"WITH i AS (INSERT INTO scheduling_room {COLUMNS} VALUES ({AGAIN}) {EXCLUDED}"
        f" RETURNING id) {updated(7)}"
    ),
    "added or changed, then deleted": (
        f"WITH i AS (INSERT INTO scheduling_room {COLUMNS} VALUES ({AGAIN}) {EXCLUDED}"
        " RETURNING id) DELETE FROM scheduling_room r USING i WHERE r.id = i.id"
    ),
    "deleted, then added or changed": (
        f"WITH d AS (DELETE FROM scheduling_room WHERE id = %(id)s RETURNING 1)"
        f" INSERT INTO scheduling_room {COLUMNS} SELECT {AGAIN} FROM d LIMIT 1 {EXCLUDED}"
    ),
}


@pytest.mark.parametrize("statement", TWICE.values(), ids=TWICE.keys())
def test_whatever_one_statement_does_twice_the_last_version_is_the_live_row(
    statement: str, application: Connection, fresh_clinic: FreshClinic
) -> None:
    room = room_made(application)

    with suppress(psycopg.errors.IntegrityError, psycopg.errors.CardinalityViolation):
        application.execute(statement, {"id": room})

    assert problems(fresh_clinic.route) == set()
    live = application.execute(
        "SELECT capacity FROM scheduling_room WHERE id = %s", [room]
    ).fetchone()
    last, capacity = versions(application, room)[-1]
    assert live == (None if last == "-" else (capacity,))


PACKAGE = {
    "populate_history": {"batchsize": 200},
    "clean_old_history": {"days": 0},
    "clean_duplicate_history": {},
}


@pytest.mark.parametrize(("name", "options"), PACKAGE.items(), ids=PACKAGE.keys())
def test_the_packages_commands_write_and_remove_nothing(
    name: str, options: dict[str, int], in_norte: None, people: Everybody
) -> None:
    room = Room.objects.create(name="Sala 1")
    Room.objects.update(capacity=2)
    before = list(Room.history.order_by("history_id").values_list())

    command = import_module(f"simple_history.management.commands.{name}")  # ours refuses at once
    with suppress(DatabaseError), transaction.atomic(using="shard_1"):
        call_command(command.Command(), auto=True, verbosity=0, **options)

    assert list(Room.history.order_by("history_id").values_list()) == before
    assert room.history.count() == 2


def test_each_of_two_people_in_one_transaction_is_named(fresh_clinic: FreshClinic) -> None:
    """A savepoint that is rolled back also undoes what the server was told about the actor."""
    with clinic_scope(fresh_clinic.route):
        room = Room.objects.create(name="Sala 1")

        with transaction.atomic(using="shard_1"):
            with acting(Actor(label="Ana")):
                Room.objects.update(capacity=2)
            with suppress(ZeroDivisionError), transaction.atomic(using="shard_1"):
                with acting(Actor(label="Bruno")):
                    Room.objects.update(capacity=3)
                raise ZeroDivisionError

            with acting(Actor(label="Carla")):
                Room.objects.update(capacity=4)
            Room.objects.update(capacity=5)

        told = room.history.order_by("history_id").values_list("capacity", "actor_label")
        assert list(told) == [(1, "job:tests"), (2, "Ana"), (4, "Carla"), (5, "job:tests")]
