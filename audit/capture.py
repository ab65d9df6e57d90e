"""The triggers that write history, made from the catalogues: a history table is always filled.

`install` runs after every migration of a schema. Functions and triggers name tables without a
schema, and go where the schema goes: into a clinic that is built, restored or moved. So they must
be sure of the search path themselves: what it leads to runs with the owner's rights.

Statement triggers with transition tables: measured, they cost bulk writes half of what row triggers
do, and a single save about the same (decision 10). The functions belong to the owner and run with
the owner's rights, so that the application may read history and never write it.
"""

from dataclasses import dataclass
from typing import Any

from audit.history import DIGEST
from tenants.postgresql.catalogs import RELATIONS

_PAIRS = f"""
SELECT t.relname, h.relname, k.attname,
       array_agg(a.attname ORDER BY a.attnum)::text[],
       coalesce(array_agg(a.attname) FILTER (WHERE col_description(h.oid, b.attnum) = %s),
                '{{}}')::text[]
  FROM pg_class h
  JOIN pg_class t ON t.relnamespace = h.relnamespace AND t.relkind = 'r'
   AND t.relname = replace(h.relname, '_historical', '_')
  JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary
  JOIN pg_attribute k ON k.attrelid = t.oid AND k.attnum = i.indkey[0]
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
   AND a.attgenerated = ''
  JOIN pg_attribute b ON b.attrelid = h.oid AND b.attname = a.attname AND NOT b.attisdropped
 WHERE h.oid IN {RELATIONS} AND h.relkind = 'r'
   AND h.relname LIKE '%%\\_historical%%'
 GROUP BY t.relname, h.relname, k.attname ORDER BY t.relname
"""
_META = (
    "history_date, history_type, history_change_reason, history_user_id, actor_label,"
    " ip_address, user_agent, request_id"
)


@dataclass(frozen=True, slots=True)
class Tracked:
    """A table and its history: names, the key's column, the columns that both have."""

    table: str
    history: str
    key: str
    columns: tuple[str, ...]
    digests: frozenset[str]

    def columns_of(self, row: str = "", *, kept: bool = False) -> str:
        """The columns, of the row called so; `kept`: as the history keeps them."""
        prefix = f"{row}." if row else ""

        def one(column: str) -> str:
            value = f'{prefix}"{column}"'
            if kept and column in self.digests:
                return f"encode(sha256(convert_to({value}, 'UTF8')), 'hex')"
            return value

        return ", ".join(map(one, self.columns))


def tracked_tables(cursor: Any) -> list[Tracked]:
    """Every table of the search path's schema that has a history table."""
    cursor.execute(_PAIRS, [DIGEST])
    return [
        Tracked(table, history, key, tuple(columns), frozenset(digests))
        for table, history, key, columns, digests in cursor.fetchall()
    ]


def install(cursor: Any) -> None:
    """Bring the triggers of every tracked table up to date, and write what history lacks.

    Does nothing before the first migration of `audit`, which brings what the triggers call.
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


def reconcile(cursor: Any, tracked: Tracked, *, reason: str) -> int:
    """Write a history row for each object whose last version isn't the live row; returns how many.

    For rows from before the triggers, and for what a restore brought back.
    """
    key, live = f'"{tracked.key}"', tracked.columns_of("t", kept=True)
    cursor.execute(
        f"""
        WITH last AS (SELECT DISTINCT ON ({key}) * FROM "{tracked.history}"
                       ORDER BY {key}, history_id DESC),
             actor AS (SELECT audit_actor() AS a)
        INSERT INTO "{tracked.history}" ({tracked.columns_of()}, {_META})
        SELECT {live}, clock_timestamp(),
               CASE WHEN last.{key} IS NULL OR last.history_type = '-' THEN '+' ELSE '~' END,
               %s, {_ACTOR}
          FROM "{tracked.table}" t LEFT JOIN last USING ({key}), actor
         WHERE last.{key} IS NULL OR last.history_type = '-'
            OR ({live}) IS DISTINCT FROM ({tracked.columns_of("last")})
        UNION ALL
        SELECT {tracked.columns_of("last")}, clock_timestamp(), '-', %s, {_ACTOR}
          FROM last LEFT JOIN "{tracked.table}" t USING ({key}), actor
         WHERE t.{key} IS NULL AND last.history_type <> '-'
        """,
        [reason, reason],
    )
    return int(cursor.rowcount)


def drift(cursor: Any, tracked: Tracked) -> int:
    """How many objects' live rows differ from the last version in their history."""
    key, live = f'"{tracked.key}"', tracked.columns_of("t", kept=True)
    cursor.execute(
        f"""
        WITH last AS (SELECT DISTINCT ON ({key}) * FROM "{tracked.history}"
                       ORDER BY {key}, history_id DESC)
        SELECT count(*) FROM last FULL JOIN "{tracked.table}" t USING ({key})
         WHERE (t.{key} IS NULL) <> (last.{key} IS NULL OR last.history_type = '-')
            OR t.{key} IS NOT NULL AND ({live}) IS DISTINCT FROM ({tracked.columns_of("last")})
        """
    )
    return int(cursor.fetchone()[0])


_ACTOR = (
    "(a ->> 'user_id')::uuid, a ->> 'label', (a ->> 'ip_address')::inet,"
    " coalesce(a ->> 'user_agent', ''), coalesce(a ->> 'request_id', '')"
)


# The first statement of every function that runs with the owner's rights. A schema that somebody
# else may write to would bring functions and types of its own, a temporary table would take the
# row, and a table of somebody's own that has this trigger would choose the schema. So the path is
# pg_catalog, the table's schema, and at most pg_temp, and the table is the owner's. Nothing here is
# found by the path: types, functions and operators are qualified.
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
    """The function that writes the table's history."""
    return f"{tracked.table}_keep_history"


def _function(tracked: Tracked) -> str:
    return f"""
CREATE OR REPLACE FUNCTION "{function_name(tracked)}"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $history${function_body(tracked)}$history$;
"""


def function_body(tracked: Tracked) -> str:
    """What that function does."""
    history, key = tracked.history, f'"{tracked.key}"'
    into = f'INSERT INTO "{history}" ({tracked.columns_of()}, {_META})'
    meta = f"coalesce(a ->> 'reason', a ->> 'change_reason', ''), {_ACTOR}"
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
    """The table's triggers and its history's, worded as PostgreSQL tells them (pg_get_triggerdef).

    So audit.guards can compare.
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
