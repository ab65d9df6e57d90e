"""Somebody with a superuser's rights changes the trail: the proof names what they did."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from patients.models import Patient
from tenants.context import clinic_scope
from tests.audit.tampering import HISTORY, as_superuser, problems, seal, verified
from tests.conftest import FreshClinic

CONTENT = "Segredo Clínico"


@pytest.fixture
def chart(fresh_clinic: FreshClinic) -> FreshClinic:
    """A clinic whose patient has three versions under two seals."""
    with clinic_scope(fresh_clinic.route):
        Patient.objects.update(medical_history=f"{CONTENT} 1")
    seal(fresh_clinic.route)
    with clinic_scope(fresh_clinic.route):
        Patient.objects.update(medical_history=f"{CONTENT} 2")
    seal(fresh_clinic.route)
    assert problems(fresh_clinic.route) == set()
    return fresh_clinic


def tamper(chart: FreshClinic, statement: str) -> None:
    with as_superuser(chart.route) as cursor:
        cursor.execute(statement)
        assert cursor.rowcount


COPIED = (
    "id, created_at, updated_at, name, email, phone, cpf, birth_date, medical_history, deleted_at,"
    " therapist_id, user_id, actor_label, user_agent, request_id, history_change_reason"
)
INSERT = f"INSERT INTO {HISTORY} ({COPIED}, history_type, history_id, history_date"
MIDDLE = f"(SELECT history_id FROM {HISTORY} ORDER BY 1 OFFSET 1 LIMIT 1)"
FIRST = f"{HISTORY} WHERE history_id = (SELECT min(history_id) FROM {HISTORY})"
# What was done, and as what it is found.
ROWS = {
    "a version was changed": (
        f"UPDATE {HISTORY} SET medical_history = 'Nada.' WHERE history_id = {MIDDLE}",
        "row_changed",
    ),
    "its author was changed": (
        f"UPDATE {HISTORY} SET actor_label = 'Outra' WHERE history_id = {MIDDLE}",
        "row_changed",
    ),
    "its date was changed": (
        f"UPDATE {HISTORY} SET history_date = history_date - interval '1 day'"
        f" WHERE history_id = {MIDDLE}",
        "row_changed",
    ),
    "a version was removed": (
        f"DELETE FROM {HISTORY} WHERE history_id = {MIDDLE}",
        "row_removed",
    ),
    "a version was put in, of an old transaction": (
        f"{INSERT}, xid) SELECT {COPIED}, '~', 0, history_date, xid FROM {FIRST}",
        "row_inserted",
    ),
    "a version was put in, of an old date": (
        f"{INSERT}) SELECT {COPIED}, '~', 0, history_date FROM {FIRST}",
        "row_inserted",
    ),
    "a version changed its number": (
        f"UPDATE {HISTORY} SET history_id = 0 WHERE history_id = {MIDDLE}",
        "row_removed",
    ),
}


@pytest.mark.parametrize(("statement", "problem"), ROWS.values(), ids=ROWS.keys())
def test_a_version_that_was_tampered_with_is_named(
    statement: str, problem: str, chart: FreshClinic
) -> None:
    tamper(chart, statement)
    found = {finding.problem: finding for finding in verified(chart.route).findings}
    named = found[problem]
    assert (named.table, named.record) == (HISTORY, str(chart.people.record.pk))
    assert named.row is not None


def test_what_was_put_in_before_a_seal_is_found_after_it(chart: FreshClinic) -> None:
    tamper(chart, f"{INSERT}) SELECT {COPIED}, '~', 0, history_date FROM {FIRST}")
    seal(chart.route)
    found = [f for f in verified(chart.route).findings if f.problem == "row_inserted"]
    assert [(finding.row, finding.seal) for finding in found] == [(0, 3)]


PATIENTS = "UPDATE patients_patient SET"
LIVE = {
    "changed past the history": (f"{PATIENTS} medical_history = 'Nada.'", "live_differs"),
    "removed past the history": ("DELETE FROM patients_patient", "live_missing"),
    "its last version was removed": (
        f"DELETE FROM {HISTORY} WHERE history_id = (SELECT max(history_id) FROM {HISTORY})",
        "live_differs",
    ),
    "its history was removed": (f"DELETE FROM {HISTORY}", "live_unrecorded"),
    "its insertion was removed": (f"DELETE FROM {FIRST}", "live_uncounted"),
    "a password was changed past the history": (
        "UPDATE accounts_user SET password = 'x' WHERE role = 'owner'",
        "live_differs",
    ),
}


@pytest.mark.parametrize(("statement", "problem"), LIVE.values(), ids=LIVE.keys())
def test_a_row_that_isnt_its_last_version_is_named(
    statement: str, problem: str, fresh_clinic: FreshClinic
) -> None:
    """Without any seal, too."""
    with clinic_scope(fresh_clinic.route):
        Patient.objects.update(medical_history=CONTENT)
    tamper(fresh_clinic, statement)
    people = fresh_clinic.people
    of = people.owner if "accounts_user" in statement else people.record
    found = verified(fresh_clinic.route).findings
    assert [(finding.problem, finding.record) for finding in found] == [(problem, str(of.pk))]


SEALED = "audit_sealedtable WHERE seal_id = 2"
SEALS = {
    "a seal was changed": (
        "UPDATE audit_seal SET sealed_at = now() WHERE number = 1",
        "seal_changed",
    ),
    "a seal was removed": ("DELETE FROM audit_seal WHERE number = 1", "chain_broken"),
    "a hash was changed": (
        "UPDATE audit_sealedtable SET hashes[1] = sha256('x') WHERE seal_id = 2",
        "row_changed",
    ),
    "the list of hashes was changed": (
        "UPDATE audit_sealedtable SET hashes = hashes || sha256('x') WHERE seal_id = 2",
        "seal_changed",
    ),
    "the hashes of a table were removed": (f"DELETE FROM {SEALED}", "seal_changed"),
    "a row was sealed twice": (
        "UPDATE audit_sealedtable b SET row_ids = a.row_ids FROM audit_sealedtable a"
        f" WHERE b.seal_id = 2 AND a.seal_id = 1 AND a.table_name = '{HISTORY}'",
        "row_doubled",
    ),
    "the table is another": (
        f"UPDATE audit_sealedtable SET table_name = 'none' WHERE table_name = '{HISTORY}'",
        "table_missing",
    ),
}


@pytest.mark.parametrize(("statement", "problem"), SEALS.values(), ids=SEALS.keys())
def test_a_seal_that_was_tampered_with_is_found(
    statement: str, problem: str, chart: FreshClinic
) -> None:
    tamper(chart, statement)
    assert problem in problems(chart.route)


GUARDS = {
    "a trigger was disabled": (
        "ALTER TABLE patients_patient DISABLE TRIGGER patients_patient_history_update",
        "trigger_disabled",
    ),
    "all triggers were disabled": (
        f"ALTER TABLE {HISTORY} DISABLE TRIGGER ALL",
        "trigger_disabled",
    ),
    "a trigger was removed": (
        "DROP TRIGGER audit_event_append_only ON audit_event",
        "trigger_missing",
    ),
    "a trigger fires for less": (
        "DROP TRIGGER patients_patient_history_insert ON patients_patient;"
        " CREATE TRIGGER patients_patient_history_insert AFTER INSERT ON patients_patient"
        " REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT WHEN (current_user <> 'x')"
        " EXECUTE FUNCTION patients_patient_keep_history()",
        "trigger_changed",
    ),
    "a trigger swallows rows": (
        f"CREATE TRIGGER none BEFORE INSERT ON {HISTORY} FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "trigger_unknown",
    ),
    "a rule swallows rows": (
        f"CREATE RULE none AS ON INSERT TO {HISTORY} DO INSTEAD NOTHING",
        "rule_unknown",
    ),
    "a function does nothing": (
        "CREATE OR REPLACE FUNCTION patients_patient_keep_history() RETURNS trigger"
        " LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN NULL; END'",
        "function_changed",
    ),
    "a function runs as somebody else": (
        "ALTER FUNCTION patients_patient_keep_history() OWNER TO postgres",
        "function_changed",
    ),
    "nothing is refused": (
        "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger"
        " LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "function_changed",
    ),
    "the application may write histories": (
        f"GRANT UPDATE ON {HISTORY} TO fisioflow_app",
        "grant_excess",
    ),
    "everybody may write a column": (
        f"GRANT UPDATE (history_date) ON {HISTORY} TO PUBLIC",
        "grant_excess",
    ),
    "the application owns a history": (
        f"ALTER TABLE {HISTORY} OWNER TO fisioflow_app",
        "grant_excess",
    ),
    "a history is gone": (f"DROP TABLE {HISTORY} CASCADE", "table_untracked"),
}


@pytest.mark.parametrize(("statement", "problem"), GUARDS.values(), ids=GUARDS.keys())
def test_a_guard_that_is_off_is_named(
    statement: str, problem: str, fresh_clinic: FreshClinic
) -> None:
    with as_superuser(fresh_clinic.route) as cursor:
        cursor.execute(statement)
    assert problem in problems(fresh_clinic.route)


def test_a_chain_that_was_made_anew_does_not_contain_the_head_that_was_kept(
    chart: FreshClinic,
) -> None:
    kept = verified(chart.route).head
    assert problems(chart.route, kept) == set()
    with as_superuser(chart.route) as cursor:
        cursor.execute("DELETE FROM audit_sealedtable")
        cursor.execute("DELETE FROM audit_seal")
        cursor.execute(f"DELETE FROM {HISTORY} WHERE history_id = {MIDDLE}")
    seal(chart.route)
    assert problems(chart.route) == set()
    assert problems(chart.route, kept) == {"head_unknown"}


def test_an_older_head_is_in_the_chain_as_well(chart: FreshClinic) -> None:
    kept = verified(chart.route).head
    with clinic_scope(chart.route):
        Patient.objects.update(medical_history="Depois.")
    seal(chart.route)
    assert problems(chart.route, kept) == set()


def command(*arguments: str) -> tuple[str, bool]:
    """What `verify_audit` prints, and whether it ends well."""
    out = StringIO()
    try:
        call_command("verify_audit", *arguments, stdout=out)
    except CommandError:
        return out.getvalue(), False
    return out.getvalue(), True


def test_the_command_says_that_all_is_well(chart: FreshClinic) -> None:
    head = verified(chart.route).head
    text, proven = command(chart.route.schema, "--head", head)
    assert proven
    assert f"1/1 {chart.route.schema}: ok" in text
    assert head in text


def test_the_command_names_rows_and_never_their_content(chart: FreshClinic) -> None:
    tamper(chart, f"UPDATE {HISTORY} SET medical_history = '{CONTENT} 3'")
    text, proven = command(chart.route.schema)
    assert not proven
    assert f"{HISTORY}, record {chart.people.record.pk}, row" in text
    assert "was changed after it was sealed" in text
    assert CONTENT not in text
    assert chart.people.record.name not in text


def test_the_command_speaks_json(chart: FreshClinic) -> None:
    tamper(chart, f"DELETE FROM {HISTORY} WHERE history_id = {MIDDLE}")
    text, proven = command(chart.route.schema, "--json")
    [report] = json.loads(text)
    assert not proven
    assert (report["clinic"], report["ok"], report["seals"]) == (chart.route.schema, False, 2)
    [finding] = report["findings"]
    assert finding["problem"] == "row_removed"
    assert finding["record"] == str(chart.people.record.pk)


def test_the_command_verifies_all_places_when_none_is_named(
    fresh_clinic: FreshClinic, django_db_blocker: Any
) -> None:
    text, proven = command()
    assert proven
    for place in ("norte", "sul", fresh_clinic.route.schema, "public"):
        assert f" {place}: ok" in text


def test_a_closed_clinic_is_proven_as_well(chart: FreshClinic) -> None:
    call_command("close_clinic", chart.route.schema, stdout=StringIO())
    assert command(chart.route.schema)[1]
    tamper(chart, f"DELETE FROM {HISTORY} WHERE history_id = {MIDDLE}")
    assert not command(chart.route.schema)[1]


def test_a_head_needs_its_clinic_and_a_clinic_must_exist(fresh_clinic: FreshClinic) -> None:
    with pytest.raises(CommandError, match="name the clinic"):
        call_command("verify_audit", "--head", "ab" * 32)
    with pytest.raises(CommandError):
        call_command("verify_audit", "nenhures")


def test_sealing_by_hand(fresh_clinic: FreshClinic) -> None:
    out = StringIO()
    schema = fresh_clinic.route.schema
    call_command("seal_audit", schema, stdout=out)
    assert verified(fresh_clinic.route).head in out.getvalue()
    call_command("seal_audit", schema, stdout=out)
    assert f"{schema}: nothing new" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("seal_audit")
    with pytest.raises(CommandError):
        call_command("seal_audit", "nenhures")
