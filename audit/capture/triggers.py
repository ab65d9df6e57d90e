"""The triggers that write history, made from the catalogs, so that no history table lacks them.

`install` runs after every migration of a schema. Functions and triggers name tables without their
schema, so that they still work in a clinic that was built from a template, restored or moved. They
check the search path themselves: what it leads to runs with the owner's rights.

They are statement triggers with transition tables, which cost bulk writes half as much as row
triggers do, and a single save about the same (docs/adr/0010). The functions belong to the owner and
run with the owner's rights: the application may read history and never write it.
"""

from typing import Any

from audit.capture.reconciliation import reconcile
from audit.capture.tracked import ACTOR, META, Tracked, tracked_tables


def install(cursor: Any) -> None:
    """Bring the triggers of every tracked table up to date, and write what history lacks.

    Does nothing before the first migration of `audit`, which makes the functions that they call.
    """
    cursor.execute("SELECT to_regprocedure('audit_actor()') IS NOT NULL")
    if not cursor.fetchone()[0]:
        return

    for tracked in tracked_tables(cursor):
        name = function_name(tracked)
        cursor.execute("SELECT prosrc FROM pg_proc WHERE oid = to_regproc(%s)", [name])
        found = cursor.fetchone()

        if found is None:
            cursor.execute(_function(tracked) + triggers(tracked))
        elif found[0] != function_body(tracked):
            cursor.execute(_function(tracked))

        reconcile(cursor, tracked, reason="baseline")


# The first statement of every function that runs with the owner's rights. A schema that others may
# write to could bring its own functions and types; a temporary table could take the row; a table of
# somebody else's with this trigger could choose the schema. So the path must be pg_catalog, the
# table's schema and at most pg_temp, and the table must be the owner's. The guard itself finds
# nothing by the path: its types, functions and operators are qualified.
PATH_GUARD = """
    IF path[1:2] OPERATOR(pg_catalog.<>) ARRAY['pg_catalog', TG_TABLE_SCHEMA]
       OR path[3] OPERATOR(pg_catalog.!~~) 'pg_temp%' OR path[4] IS NOT NULL
       OR NOT EXISTS (
            SELECT FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) TG_RELID
               AND pg_catalog.pg_get_userbyid(c.relowner) OPERATOR(pg_catalog.=) current_user) THEN
        RAISE EXCEPTION 'the search path leads away from the history of %', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'It must be the schema of the table, and then pg_temp.';
    END IF;"""


def function_name(tracked: Tracked) -> str:
    """The name of the function that writes the table's history."""
    return f"{tracked.table}_keep_history"


def _function(tracked: Tracked) -> str:
    return f"""
CREATE OR REPLACE FUNCTION "{function_name(tracked)}"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $history${function_body(tracked)}$history$;
"""


def function_body(tracked: Tracked) -> str:
    """The body of that function, in PL/pgSQL."""
    history, key = tracked.history, f'"{tracked.key}"'
    into = f'INSERT INTO "{history}" ({tracked.columns_of()}, {META})'
    meta = f"coalesce(a ->> 'reason', a ->> 'change_reason', ''), {ACTOR}"

    new, old = tracked.columns_of("n", kept=True), tracked.columns_of("o", kept=True)
    changed = f"({tracked.columns_of('n')}) IS DISTINCT FROM ({tracked.columns_of('o')})"

    return f"""
DECLARE
    a pg_catalog.jsonb;
    path pg_catalog.name[] := pg_catalog.current_schemas(true);
BEGIN{PATH_GUARD}
    a := audit_actor();
    IF TG_OP = 'INSERT' THEN
        {into}
        SELECT {new}, clock_timestamp(), '+', {meta} FROM new_rows n;
    ELSIF TG_OP = 'UPDATE' THEN
        {into}
        SELECT {new}, clock_timestamp(), '~', {meta}
          FROM new_rows n JOIN old_rows o USING ({key}) WHERE {changed};
    ELSE
        -- In one statement the INSERT's trigger may come before this one: the last version of a
        -- row that lives would be its deletion. LIMIT: one look into the key's index for each row,
        -- however small the table was when this was planned.
        IF EXISTS (SELECT FROM old_rows o, LATERAL
                       (SELECT FROM "{tracked.table}" t WHERE t.{key} = o.{key} LIMIT 1) again) THEN
            RAISE EXCEPTION 'one statement deletes and inserts the same row of %', TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME,
                      HINT = 'Use two statements: their order is the order of the history.';
        END IF;
        {into}
        SELECT {old}, clock_timestamp(), '-', {meta} FROM old_rows o;
    END IF;
    RETURN NULL;
END """


def triggers(tracked: Tracked) -> str:
    """The triggers of the table and of its history, as PostgreSQL words them (pg_get_triggerdef).

    `audit.seals.guards` compares the two.
    """
    table, name, key = tracked.table, function_name(tracked), tracked.key
    return f"""
CREATE TRIGGER "{table}_history_insert" AFTER INSERT ON "{table}"
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION "{name}"();
CREATE TRIGGER "{table}_history_update" AFTER UPDATE ON "{table}"
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION "{name}"();
CREATE TRIGGER "{table}_history_delete" AFTER DELETE ON "{table}"
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION "{name}"();
CREATE TRIGGER "{table}_history_truncate" BEFORE TRUNCATE ON "{table}"
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER "{table}_key_stays" BEFORE UPDATE OF "{key}" ON "{table}"
    FOR EACH ROW WHEN (OLD."{key}" IS DISTINCT FROM NEW."{key}")
    EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER "{tracked.history}_append_only"
    BEFORE DELETE OR UPDATE OR TRUNCATE ON "{tracked.history}"
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
"""
