"""Somebody has the application's password and psql: the trail still stays whole."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import connections, transaction
from django.db.utils import IntegrityError

from audit.capture.classification import is_tracked
from audit.models import Event, EventKind
from patients.models import Patient
from tenants.context import ClinicRoute, clinic_scope
from tenants.postgresql.owner import as_owner
from tenants.router import is_clinical
from tests.audit.fixture_types import AsApplication, Connection
from tests.people import Api, FreshClinic

HISTORY = "patients_historicalpatient"
TRACKED = [
    model for model in apps.get_models() if is_clinical(model._meta.app_label) and is_tracked(model)
]


def rows(fresh_clinic: FreshClinic) -> list[tuple[Any, ...]]:
    """The patients' history, in order."""
    with clinic_scope(fresh_clinic.route):
        return list(Patient.history.order_by("history_id").values_list())


REFUSED = {
    "change": f"UPDATE {HISTORY} SET name = 'Outra Pessoa'",
    "remove": f"DELETE FROM {HISTORY}",
    "empty": f"TRUNCATE {HISTORY}",
    "forge": f"INSERT INTO {HISTORY} SELECT * FROM {HISTORY}",
    "empty the table": "TRUNCATE patients_patient CASCADE",
    "switch off": "ALTER TABLE patients_patient DISABLE TRIGGER ALL",
    "switch one off": "ALTER TABLE patients_patient"
    " DISABLE TRIGGER patients_patient_history_update",
    "drop": "DROP TRIGGER patients_patient_history_update ON patients_patient",
    "replace": "CREATE OR REPLACE FUNCTION patients_patient_keep_history() RETURNS trigger"
    " LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "replicate": "SET session_replication_role = replica",
    "become the owner": "SET ROLE fisioflow",
    "shadow": f"CREATE TEMP TABLE {HISTORY} (LIKE {HISTORY})",
    "another schema": "CREATE SCHEMA mine",
    "a rule": f"CREATE RULE none AS ON INSERT TO {HISTORY} DO INSTEAD NOTHING",
    "events": "UPDATE audit_event SET kind = 'printed'",
    "fewer events": "DELETE FROM audit_event",
    "number": f"SELECT setval('{HISTORY}_history_id_seq', 1)",
    "use numbers up": f"SELECT nextval('{HISTORY}_history_id_seq')",
    "write at another's": "INSERT INTO clinic_epoch SELECT * FROM clinic_epoch",
}


@pytest.mark.parametrize("attack", REFUSED.values(), ids=REFUSED.keys())
def test_the_application_is_refused(
    attack: str, as_application: AsApplication, fresh_clinic: FreshClinic
) -> None:
    before = rows(fresh_clinic)
    connection = as_application()

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(attack)
    connection.execute("UPDATE patients_patient SET medical_history = 'Depois.'")

    after = rows(fresh_clinic)
    assert after[: len(before)] == before
    assert len(after) == len(before) + 1


def test_a_path_of_another_clinic_is_refused_and_nothing_is_misplaced(
    as_application: AsApplication, fresh_clinic: FreshClinic, sul: ClinicRoute, norte: ClinicRoute
) -> None:
    before = rows(fresh_clinic)
    schema = fresh_clinic.route.schema

    for path in ("norte", f"norte, {schema}", "pg_temp", "", "pg_catalog"):
        connection = as_application(path=path or "public")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"UPDATE \"{schema}\".patients_patient SET name = 'Alguém Outro'")

    assert rows(fresh_clinic) == before


def test_a_temporary_table_would_be_noticed_even_if_it_could_be_made(
    fresh_clinic: FreshClinic,
) -> None:
    """The owner may make one: the trigger sees that the name leads away from the history."""
    schema = fresh_clinic.route.schema

    with (
        as_owner("shard_1"),
        clinic_scope(fresh_clinic.route),
        connections["shard_1"].cursor() as cursor,
    ):
        cursor.execute(f"CREATE TEMP TABLE {HISTORY} (LIKE {HISTORY})")
        cursor.execute(f'SET search_path = "{schema}"')  # pg_temp unnamed: it comes first

        with pytest.raises(Exception, match="leads away from the history"):
            cursor.execute("UPDATE patients_patient SET name = 'Alguém Outro'")

    connections["shard_1"].close()


def test_an_unnamed_session_writes_nothing(as_application: AsApplication) -> None:
    for actor in ("", "{}", '{"user_id":"01890000-0000-7000-8000-000000000001"}'):
        connection = as_application(actor=actor)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="nobody acts"):
            connection.execute("UPDATE patients_patient SET name = 'Alguém Outro'")


def test_an_event_says_who_the_session_is_whatever_the_statement_says(
    as_application: AsApplication,
) -> None:
    row = (
        as_application()
        .execute(
            "INSERT INTO audit_event (kind, table_name, record_id, details, actor_label,"
            " user_agent, request_id, reason, occurred_at)"
            " VALUES ('printed', '', '', '{}', 'somebody else', '', '', '', '2001-01-01')"
            " RETURNING actor_label, occurred_at > now() - interval '1 minute'"
        )
        .fetchone()
    )

    assert row == ("Ana Souza", True)


def events_with_chosen_numbers(connection: Connection) -> set[int]:
    """Write events with numbers that an attacker chose; returns those that INSERT says they got."""
    numbers: set[int] = set()
    columns = "(id, kind, table_name, record_id, details, xid)"

    for number, overriding in (
        (-5, ""),
        (2**63 - 1, "OVERRIDING SYSTEM VALUE"),
        ("(SELECT max(id) + 1 FROM audit_event)", ""),
        ("(SELECT max(id) + 2 FROM audit_event)", ""),
    ):
        written = connection.execute(
            f"INSERT INTO audit_event {columns} {overriding}"
            f" VALUES ({number}, 'printed', '', '', '{{}}', '5') RETURNING id"
        )
        numbers |= {got for (got,) in written}

    with connection.cursor().copy(f"COPY audit_event {columns} FROM STDIN") as rows:
        rows.write_row((-7, "printed", "", "", "{}", 5))
    return numbers


def test_the_application_chooses_no_number_of_an_event(
    as_application: AsApplication, fresh_clinic: FreshClinic
) -> None:
    """A chosen number could be the next event's, which would then be lost."""
    connection = as_application()

    numbers = events_with_chosen_numbers(connection)

    told = connection.execute("SELECT id, xid > '5' FROM audit_event ORDER BY id").fetchall()
    assert all(number > 0 and own_xid for number, own_xid in told)
    assert numbers < {number for number, _ in told}

    with clinic_scope(fresh_clinic.route):
        Event.objects.create(kind=EventKind.PRINTED)  # gets the next number
        assert Event.objects.count() == len(told) + 1


def test_events_with_chosen_numbers_are_in_the_trails_pages(
    as_application: AsApplication, fresh_clinic: FreshClinic, api: Api
) -> None:
    """A chosen number could be out of the reach of a page's cursor."""
    events_with_chosen_numbers(as_application())
    with clinic_scope(fresh_clinic.route):
        count = Event.objects.count()
    owner = api(fresh_clinic.people.owner, host=fresh_clinic.host)

    seen, cursor = 0, None
    while seen == 0 or cursor:
        page = owner.get("/api/v1/audit?limit=1" + (f"&cursor={cursor}" if cursor else ""))
        assert page.status_code == 200
        seen, cursor = seen + 1, page.json()["next_cursor"]

    assert seen > count


@pytest.mark.parametrize("model", TRACKED, ids=lambda model: model._meta.label)
def test_even_the_owner_empties_no_table_and_changes_no_key_or_history(
    model: Any, norte: ClinicRoute
) -> None:
    table, history = model._meta.db_table, model.history.model._meta.db_table

    for attempt in (
        f"TRUNCATE {table} CASCADE",
        f"UPDATE {table} SET id = gen_random_uuid()",
        f"UPDATE {history} SET history_type = '-'",
        f"DELETE FROM {history}",
    ):
        with (
            as_owner("shard_1"),
            clinic_scope(norte),
            pytest.raises(IntegrityError) if "SET id" not in attempt else _refused_if_any(model),
            transaction.atomic(using="shard_1"),
        ):
            connections["shard_1"].check_constraints()
            connections["shard_1"].cursor().execute(attempt)


def _refused_if_any(model: Any) -> AbstractContextManager[object]:
    """A row trigger has nothing to refuse in an empty table."""
    return pytest.raises(IntegrityError) if model.objects.exists() else nullcontext()
