"""A superuser switches a guard of the trail off, or goes round it: the proof names it."""

import pytest
from django.db import connections

from audit.capture import app_triggers
from audit.capture.triggers import install
from tenants.context import clinic_scope
from tenants.postgresql.owner import as_owner
from tests.audit.tampering import HISTORY, as_superuser, problems, verified
from tests.people import FreshClinic

FORGE = (
    "CREATE OR REPLACE FUNCTION forge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM"
    " set_config('fisioflow.actor', '{\"label\":\"somebody else\"}', true); RETURN NEW; END $$;"
)
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
    "everybody may make functions": (
        "DO $$ BEGIN EXECUTE 'GRANT CREATE ON SCHEMA ' || current_schema || ' TO PUBLIC'; END $$",
        "grant_excess",
    ),
    "a column isn't captured": (
        "ALTER TABLE patients_patient ADD COLUMN secret text",
        "column_untracked",
    ),
    "a history lost a column": (f"ALTER TABLE {HISTORY} DROP COLUMN phone", "column_absent"),
    "a table lost a column": ("ALTER TABLE scheduling_room DROP COLUMN active", "column_absent"),
    "a trigger says who acts": (
        f"{FORGE} CREATE TRIGGER aaa BEFORE UPDATE ON patients_patient"
        " FOR EACH ROW EXECUTE FUNCTION forge()",
        "trigger_unknown",
    ),
    "a trigger of an app says who acts": (
        f"{FORGE} DROP TRIGGER patients_consent_kept ON patients_consent;"
        " CREATE TRIGGER patients_consent_kept BEFORE DELETE ON patients_consent"
        " FOR EACH ROW EXECUTE FUNCTION forge()",
        "trigger_changed",
    ),
    "a condition says who acts": (
        "DROP TRIGGER patients_consent_kept ON patients_consent;"
        " CREATE TRIGGER patients_consent_kept BEFORE DELETE ON patients_consent FOR EACH ROW"
        " WHEN (set_config('fisioflow.actor', '{}', true) IS NULL)"
        " EXECUTE FUNCTION patients_refuse('patients_consent_kept')",
        "trigger_changed",
    ),
    "a function of an app says who acts": (
        FORGE.replace("forge()", "scheduling_seat_in_room()"),
        "function_changed",
    ),
    "signed notes may go": (
        "DROP TRIGGER patients_clinicalnote_kept ON patients_clinicalnote",
        "trigger_missing",
    ),
    "events are numbered by whoever writes": (
        "ALTER FUNCTION audit_event_actor() SECURITY INVOKER",
        "function_changed",
    ),
    "a function runs as the owner": (
        "ALTER FUNCTION audit_chart_views(uuid[]) SECURITY DEFINER",
        "function_changed",
    ),
    "some events are hidden": (
        "ALTER TABLE audit_event ENABLE ROW LEVEL SECURITY;"
        " CREATE POLICY hidden ON audit_event USING (kind <> 'printed')",
        "rows_hidden",
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


def test_a_trigger_that_no_app_registered_is_named(
    fresh_clinic: FreshClinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_triggers, "_TRIGGERS", {})
    assert problems(fresh_clinic.route) == {"trigger_unknown"}


def test_triggers_made_anew_for_fewer_columns_dont_hide_a_missing_one(
    fresh_clinic: FreshClinic,
) -> None:
    with as_superuser(fresh_clinic.route) as cursor:
        cursor.execute(f"ALTER TABLE {HISTORY} DROP COLUMN phone")

    with (
        as_owner("shard_1"),
        clinic_scope(fresh_clinic.route),
        connections["shard_1"].cursor() as cursor,
    ):
        install(cursor)

    assert problems(fresh_clinic.route) == {"column_absent"}


BEHIND = "DELETE FROM django_migrations WHERE app = 'audit' AND name = '0002_rules'"
AHEAD = "INSERT INTO django_migrations (app, name, applied) VALUES ('audit', '0999_later', now())"


@pytest.mark.parametrize(
    ("statement", "name"),
    [(BEHIND, "audit.0002_rules"), (AHEAD, "audit.0999_later")],
    ids=["older", "newer"],
)
def test_a_schema_of_another_release_is_named_and_its_guards_arent_compared(
    statement: str, name: str, fresh_clinic: FreshClinic
) -> None:
    """Its triggers, columns and grants may be those of that release."""
    with as_superuser(fresh_clinic.route) as cursor:
        cursor.execute(statement)
        cursor.execute("ALTER FUNCTION audit_event_actor() SECURITY INVOKER")
        cursor.execute("ALTER TABLE scheduling_room ADD COLUMN floor integer")

    (finding,) = verified(fresh_clinic.route).findings
    assert (finding.problem, finding.detail) == ("release_differs", name)

    with as_superuser(fresh_clinic.route) as cursor:
        cursor.execute(f"DELETE FROM {HISTORY}")

    assert problems(fresh_clinic.route) == {"release_differs", "live_unrecorded"}


def test_migrations_of_a_removed_app_dont_matter(fresh_clinic: FreshClinic) -> None:
    with as_superuser(fresh_clinic.route) as cursor:
        cursor.execute(AHEAD.replace("'audit'", "'billing'"))
    assert problems(fresh_clinic.route) == set()
