"""Grants for the application's role, which owns nothing: on each table what its model needs."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from audit.capture.classification import Access, access_by_table
from tenants.postgresql.catalogs import RELATIONS

_TABLES = f"""
SELECT relname::text FROM pg_class
 WHERE oid IN {RELATIONS} AND relkind = 'r'
"""
_IS_OWNER = "SELECT pg_has_role(%(role)s, current_user, 'MEMBER')"
_ITS_SCHEMAS = """
  FROM pg_namespace n
 WHERE has_schema_privilege(%(role)s, n.oid, 'CREATE') AND n.oid <> pg_my_temp_schema()
"""
# The rights with which the role could add names of its own to a search path.
OPEN_DOORS = f"""
SELECT concat_ws(', ',
    CASE WHEN has_database_privilege(%(role)s, current_database(), 'TEMPORARY')
         THEN 'may make temporary tables' END,
    CASE WHEN has_database_privilege(%(role)s, current_database(), 'CREATE')
         THEN 'may make schemas' END,
    (SELECT 'may make functions in the schema ' || min(n.nspname::text) {_ITS_SCHEMAS}))
"""
_CLOSABLE = f"""
SELECT quote_ident(n.nspname) {_ITS_SCHEMAS} AND pg_has_role(current_user, n.nspowner, 'USAGE')
"""


def grant(cursor: Any, schema: str, *, in_directory: bool) -> None:
    """Give the application's role exactly what it needs in the search path's schema; repeatable.

    Only the owner can do this. Raises ImproperlyConfigured when the application's role has a way
    round the grants.
    """
    role = f'"{settings.APP_ROLE}"'
    _close_doors(cursor, role)

    wanted = access_by_table(in_directory=in_directory)
    cursor.execute(_TABLES)

    by_access: dict[Access, list[str]] = {}
    for (table,) in cursor.fetchall():
        by_access.setdefault(wanted.get(table, Access.READ), []).append(f'"{table}"')

    cursor.execute(
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM PUBLIC, {role};"
        f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC; GRANT USAGE ON SCHEMA {schema} TO {role};"
        + "".join(
            f"GRANT {access} ON {', '.join(sorted(tables))} TO {role};"
            for access, tables in sorted(by_access.items())
        )
    )


def _close_doors(cursor: Any, role: str) -> None:
    """Forbid objects that could stand in for ours: a temporary table, a function of its own."""
    if _asked(cursor, _IS_OWNER):
        raise _get_round("may become the owner")
    if not _asked(cursor, OPEN_DOORS):
        return

    # Done once for each server, for its template or the directory. Two sessions at once would fail
    # ("tuple concurrently updated"); clinics, which migrate side by side, find it done.
    cursor.execute("SELECT quote_ident(current_database())")
    database = cursor.fetchone()[0]
    cursor.execute(f"REVOKE CREATE, TEMPORARY ON DATABASE {database} FROM PUBLIC, {role}")

    cursor.execute(_CLOSABLE, {"role": settings.APP_ROLE})
    for (schema,) in cursor.fetchall():
        cursor.execute(f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {role}")

    if doors := _asked(cursor, OPEN_DOORS):
        raise _get_round(doors)


def _asked(cursor: Any, question: str) -> Any:
    cursor.execute(question, {"role": settings.APP_ROLE})
    return cursor.fetchone()[0]


def _get_round(how: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"The role {settings.APP_ROLE} {how}. docs/how-to/deploy.md says how to make the roles."
    )
