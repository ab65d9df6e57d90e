"""What keeps the trail is switched off or got round, by a superuser: the proof names it."""

import pytest

from tests.audit.tampering import HISTORY, as_superuser, problems
from tests.conftest import FreshClinic

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
