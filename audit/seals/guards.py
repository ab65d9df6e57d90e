"""Whether the guards of the trail are in place: triggers, their functions, grants.

This module reports faults; the migrations and `audit.capture` put the guards in place.
"""

from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from typing import Any

from django.apps import apps
from django.conf import settings

from audit.capture.app_triggers import functions_of_apps, triggers_of_apps
from audit.capture.classification import Access, access_by_table, is_history, is_tracked
from audit.capture.privileges import OPEN_DOORS
from audit.capture.tracked import Tracked
from audit.capture.triggers import function_body, function_name, triggers
from audit.seals.offline_verifier import Finding
from tenants.fleet import clinical_migrations, directory_migrations
from tenants.router import is_clinical, is_shared

SENTENCES = {
    "release_differs": "the migrations aren't this release's: guards weren't compared",
    "table_untracked": "the table has no history",
    "column_untracked": "the table has a column that its history doesn't keep",
    "column_absent": "a column that this release has is gone",
    "rows_hidden": "row-level security hides rows of the table",
    "trigger_missing": "a trigger of the trail is missing",
    "trigger_disabled": "a trigger of the trail is disabled",
    "trigger_changed": "a trigger of the trail was changed",
    "trigger_unknown": "the table has a trigger that this release doesn't know",
    "function_changed": "a function of a trigger is missing or was changed",
    "rule_unknown": "a rule rewrites what is written to the table",
    "grant_excess": "the application may do more than it should",
    "triggers_off": "this login's sessions run without triggers",
}
# The triggers and functions of audit's own migrations; of a function, the SHA-256 of its body.
# Whoever changes one in a migration writes it here too.
_TRIGGERS = """
CREATE TRIGGER audit_event_actor BEFORE INSERT ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_event_actor();
CREATE TRIGGER audit_event_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_seal_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit_seal
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_sealedtable_append_only
    BEFORE DELETE OR UPDATE OR TRUNCATE ON audit_sealedtable
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
"""
_FUNCTIONS = {
    "audit_actor()": "b43784037d6e27482d9d7e64a8e4fd571484402fbdc2d5d2ec548f2b2367e074",
    "audit_chart_views(uuid[])": "fa6a535e11140db065e9a057d8d0be9126f803f704f7140147b8b84b27ea85b8",
    "audit_event_actor()": "2580ee8cf1af9d13e531ec2ab22f9769a3b233c627aca03dbc3688d7959f61f6",
    "audit_refuse()": "7992dc432c1bbe67025519b2b1aecbfdd9f01c5bbd178bb1f0b3a3ab12a774fe",
}
_AS_OWNER = {"audit_event_actor()"}  # they run as the owner, like the functions of histories
_FOUND_TRIGGERS = """
SELECT c.relname, t.tgname, t.tgenabled, pg_get_triggerdef(t.oid, true)
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal
 ORDER BY 1, 2
"""
_FOUND_FUNCTIONS = """
SELECT p.oid::regprocedure::text, encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex'),
       CASE WHEN p.proconfig IS NULL AND l.lanname IN ('plpgsql', 'sql')
                 AND (NOT p.prosecdef OR p.proowner = e.relowner) THEN p.prosecdef END
  FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
  JOIN pg_class e ON e.oid = 'audit_event'::regclass
 WHERE p.pronamespace = current_schema()::regnamespace
"""
_FOUND_TABLES = """
SELECT c.relname, c.relrowsecurity, array_agg(a.attname::text ORDER BY a.attnum)
  FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid
   AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
 GROUP BY c.relname, c.relrowsecurity ORDER BY c.relname
"""
_FOUND_RULES = "SELECT tablename, rulename FROM pg_rules WHERE schemaname = current_schema()"
_FOUND_GRANTS = """
SELECT c.relname, ARRAY(
         SELECT p FROM unnest(%(all)s::text[]) p
          WHERE has_table_privilege(%(role)s, c.oid, p)
             OR p IN ('INSERT', 'UPDATE') AND has_any_column_privilege(%(role)s, c.oid, p))
  FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
 ORDER BY 1
"""
_PRIVILEGES = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"]
_DOORS = """
SELECT concat_ws(', ',
    CASE WHEN rolsuper THEN 'is a superuser' END,
    CASE WHEN pg_has_role(r.oid, (SELECT relowner FROM pg_class
                                 WHERE pg_class.oid = 'audit_event'::regclass), 'MEMBER')
         THEN 'may become the owner' END,
    CASE WHEN has_parameter_privilege(r.oid, 'session_replication_role', 'SET')
         THEN 'may switch triggers off' END)
  FROM pg_roles r WHERE rolname = %(role)s
"""


def guard_findings(cursor: Any, tracked: list[Tracked], *, in_directory: bool) -> Iterator[Finding]:
    """Every guard of the search path's schema that is missing or changed.

    Triggers, columns and grants are compared only where exactly this release's migrations have run.
    """
    cursor.execute(_FOUND_RULES)
    for table, rule in cursor.fetchall():
        yield Finding("rule_unknown", table, detail=rule)

    cursor.execute(_FOUND_TABLES)
    columns: dict[str, set[str]] = {}
    for table, hides_rows, names in cursor.fetchall():
        columns[table] = set(names)
        if hides_rows:
            yield Finding("rows_hidden", table)

    yield from _doors(cursor)

    cursor.execute("SHOW session_replication_role")
    if (role := cursor.fetchone()[0]) != "origin":
        yield Finding("triggers_off", detail=f"session_replication_role is {role}")

    if differing := _differing_migrations(cursor, in_directory=in_directory):
        yield Finding("release_differs", detail=differing)
        return

    yield from _columns(columns, {pair.table for pair in tracked}, in_directory=in_directory)
    yield from _triggers(cursor, tracked, in_directory=in_directory)
    yield from _functions(cursor, tracked, in_directory=in_directory)
    yield from _grants(cursor, in_directory=in_directory)


def _differing_migrations(cursor: Any, *, in_directory: bool) -> str:
    cursor.execute("SELECT app, name FROM django_migrations")
    wanted = _migrations(in_directory=in_directory)
    apps_of_release = {app for app, _ in wanted}  # what removed apps left behind doesn't matter
    applied = {node for node in cursor.fetchall() if node[0] in apps_of_release}

    differing = sorted(f"{app}.{name}" for app, name in wanted ^ applied)
    return ", ".join(differing[:3]) + (", ..." if len(differing) > 3 else "")


@cache
def _migrations(*, in_directory: bool) -> frozenset[tuple[str, str]]:
    return directory_migrations() if in_directory else clinical_migrations()


def _columns(
    columns: dict[str, set[str]], found: set[str], *, in_directory: bool
) -> Iterator[Finding]:
    """Columns that the models have and a table or its history lacks: triggers would skip those."""
    here = is_shared if in_directory else is_clinical
    for model in apps.get_models():
        if is_history(model) or not is_tracked(model) or not here(model._meta.app_label):
            continue

        versions: Any = model.history.model  # type: ignore[attr-defined]
        table, history = model._meta.db_table, versions._meta.db_table
        kept = {field.column for field in versions.tracked_fields}

        if table not in found:
            yield Finding("table_untracked", table)
            continue

        if untold := columns[table] - columns[history] - kept:
            yield Finding("column_untracked", table, detail=", ".join(sorted(untold)))

        for each in (table, history):
            if gone := kept - columns[each]:
                yield Finding("column_absent", each, detail=", ".join(sorted(gone)))


def _triggers(cursor: Any, tracked: list[Tracked], *, in_directory: bool) -> Iterator[Finding]:
    texts = [_TRIGGERS, "" if in_directory else triggers_of_apps(), *map(triggers, tracked)]
    expected = {
        _plain(text).split()[2]: _plain(text) for text in "".join(texts).split(";") if text.strip()
    }

    cursor.execute(_FOUND_TRIGGERS)
    for table, name, enabled, definition in cursor.fetchall():
        wanted = expected.pop(name, None)
        if wanted is None:
            yield Finding("trigger_unknown", table, detail=name)
        elif wanted != _plain(definition):
            yield Finding("trigger_changed", table, detail=name)
        elif enabled != "O":
            yield Finding("trigger_disabled", table, detail=name)

    for name, definition in expected.items():
        table = definition.split(" on ")[1].split()[0]
        yield Finding("trigger_missing", table, detail=name)


def _plain(definition: str) -> str:
    return " ".join(definition.replace('"', "").lower().split())


def _functions(cursor: Any, tracked: list[Tracked], *, in_directory: bool) -> Iterator[Finding]:
    cursor.execute(_FOUND_FUNCTIONS)
    found = {name: (digest, as_owner) for name, digest, as_owner in cursor.fetchall()}

    for pair in tracked:
        wanted = sha256(function_body(pair).encode()).hexdigest(), True
        if found.get(f"{function_name(pair)}()") != wanted:
            yield Finding("function_changed", pair.table, detail=function_name(pair))

    for name, digest in (_FUNCTIONS | ({} if in_directory else functions_of_apps())).items():
        if found.get(name) != (digest, name in _AS_OWNER):
            yield Finding("function_changed", detail=name)


def _doors(cursor: Any) -> Iterator[Finding]:
    for question in (_DOORS, OPEN_DOORS):
        cursor.execute(question, {"role": settings.APP_ROLE})
        row = cursor.fetchone()
        if row and row[0]:
            yield Finding("grant_excess", detail=f"{settings.APP_ROLE} {row[0]}")


def _grants(cursor: Any, *, in_directory: bool) -> Iterator[Finding]:
    wanted = access_by_table(in_directory=in_directory)
    cursor.execute(_FOUND_GRANTS, {"role": settings.APP_ROLE, "all": _PRIVILEGES})
    for table, privileges in cursor.fetchall():
        excess = set(privileges) - set(wanted.get(table, Access.READ).split(", "))
        if excess:
            yield Finding("grant_excess", table, detail=", ".join(sorted(excess)))
