"""Schemas on a shard: build one, from the shard's template, under any name.

The one function that makes a schema serves a new clinic, the staging schema of a restore and the
target of a move. Callers hold a transaction on the shard and a maintenance scope.
"""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections, transaction

from tenants.context import TEMPLATE_SCHEMA, ClinicRoute, check_schema_name, maintenance_scope
from tenants.ddl import SchemaDefinition, read_definition
from tenants.errors import TemplateMissing
from tenants.postgresql.owner import as_owner

# Every entry into a clinic reads this row: which clinic the schema is, and since which move.
EPOCH_TABLE = """
CREATE TABLE clinic_epoch (
    clinic_id uuid PRIMARY KEY,
    epoch bigint NOT NULL CHECK (epoch > 0),
    state text NOT NULL CHECK (state IN ('open', 'closed')),
    only_row boolean NOT NULL DEFAULT true UNIQUE CHECK (only_row)
)
"""
# Advisory lock of a shard's template: shared while it is copied, exclusive while it is migrated.
TEMPLATE_LOCK = 0x46_69_73_69_6F_01


def lock_template(cursor: Any, *, exclusive: bool) -> None:
    """Hold the template still until the transaction ends."""
    kind = "" if exclusive else "_shared"
    cursor.execute(f"SELECT pg_advisory_xact_lock{kind}(%s)", [TEMPLATE_LOCK])


def schema_exists(cursor: Any, schema: str) -> bool:
    """Whether the server has a schema of this name."""
    cursor.execute("SELECT to_regnamespace(%s) IS NOT NULL", [f'"{schema}"'])
    return bool(cursor.fetchone()[0])


def build_schema(cursor: Any, schema: str, definition: SchemaDefinition, digest: str) -> None:
    """Create `schema` empty of clinical rows: the template's definition and its seed rows.

    `digest` stands for the applied migrations (tenants.fleet), kept in the schema's comment.
    """
    check_schema_name(schema)

    # CREATE SCHEMA takes no parameters; the name has just been checked.
    cursor.execute(f'CREATE SCHEMA "{schema}"')
    cursor.execute(
        f'SET LOCAL search_path = "{schema}", pg_temp; SET LOCAL check_function_bodies = off;\n'
        + definition.structure
    )

    _copy_seed_rows(cursor, definition.tables)
    cursor.execute(definition.rules)
    _grant(cursor, schema, definition)
    write_digest(cursor, schema, digest)


def _grant(cursor: Any, schema: str, definition: SchemaDefinition) -> None:
    """Give the application's role here what it has on the template's tables."""
    role = f'"{settings.APP_ROLE}"'
    cursor.execute(
        f'GRANT USAGE ON SCHEMA "{schema}" TO {role};'
        + "".join(
            f"GRANT {privileges} ON {tables} TO {role};" for privileges, tables in definition.grants
        )
    )


def write_digest(cursor: Any, schema: str, digest: str) -> None:
    """Record in the schema's comment, in the same transaction, which migrations it has."""
    cursor.execute(f'COMMENT ON SCHEMA "{schema}" IS %s', [f"fisioflow:{digest}"])


def read_digest(cursor: Any, schema: str) -> str:
    """The digest that `write_digest` kept; empty when there is none."""
    cursor.execute(
        "SELECT coalesce(substr(obj_description(to_regnamespace(%s), 'pg_namespace'), 11), '')",
        [f'"{schema}"'],
    )
    return str(cursor.fetchone()[0])


def write_epoch(cursor: Any, schema: str, clinic_id: UUID, epoch: int, state: str) -> None:
    """Say which clinic the schema is, and whether it may be entered."""
    cursor.execute(
        f'INSERT INTO "{schema}".clinic_epoch (clinic_id, epoch, state) VALUES (%s, %s, %s)'
        " ON CONFLICT (clinic_id) DO UPDATE SET epoch = excluded.epoch, state = excluded.state",
        [clinic_id, epoch, state],
    )


def template_definition(cursor: Any) -> tuple[SchemaDefinition, str]:
    """The template's definition and digest, on its search path. Raises TemplateMissing."""
    digest = read_digest(cursor, TEMPLATE_SCHEMA)
    if not digest:
        raise TemplateMissing
    return read_definition(cursor), digest


def create_clinic_schema(route: ClinicRoute) -> None:
    """Build the clinic's schema from its shard's template, inside the caller's transaction."""
    with maintenance_scope(TEMPLATE_SCHEMA):
        if not transaction.get_connection(route.shard).in_atomic_block:
            raise transaction.TransactionManagementError("build a schema inside a transaction")

        with connections[route.shard].cursor() as cursor:
            lock_template(cursor, exclusive=False)
            definition, digest = template_definition(cursor)
            build_schema(cursor, route.schema, definition, digest)
            write_epoch(cursor, route.schema, route.clinic_id, route.epoch, "open")


def _copy_seed_rows(cursor: Any, tables: tuple[str, ...]) -> None:
    """Copy the template's rows (content types, permissions, applied migrations, ...).

    Keys are copied as they are, so that a content type has one id in all clinics of the shard.
    """
    cursor.execute(
        " UNION ALL ".join(
            f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {TEMPLATE_SCHEMA}.\"{table}\")"
            for table in tables
        )
    )

    filled = [row[0] for row in cursor.fetchall()]
    for table, columns in insertable_columns(cursor, filled).items():
        cursor.execute(
            f'INSERT INTO "{table}" ({columns}) OVERRIDING SYSTEM VALUE'
            f' SELECT {columns} FROM {TEMPLATE_SCHEMA}."{table}"'
        )

    advance_sequences(cursor, filled)


def insertable_columns(cursor: Any, tables: list[str]) -> dict[str, str]:
    """The quoted, comma-separated columns of each table that aren't generated."""
    cursor.execute(
        """SELECT c.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
             FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
            WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(%s)
              AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
            GROUP BY c.relname""",
        [tables],
    )

    return dict(cursor.fetchall())


def advance_sequences(cursor: Any, tables: list[str]) -> None:
    """Set the identity sequences of the search path's tables past their highest key."""
    cursor.execute(
        """SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
            WHERE c.relnamespace = current_schema()::regnamespace AND a.attidentity <> ''
              AND c.relname = ANY(%s)""",
        [tables],
    )

    for table, column in cursor.fetchall():
        cursor.execute(
            f"""SELECT setval(pg_get_serial_sequence('"{table}"', '{column}'),
                              coalesce(max("{column}"), 0) + 1, false) FROM "{table}" """
        )


def drop_schema(shard: str, schema: str) -> None:
    """Remove a schema and all that is in it, for good. The directory's row stays."""
    check_schema_name(schema)
    with as_owner(shard), maintenance_scope(TEMPLATE_SCHEMA), transaction.atomic(using=shard):
        with connections[shard].cursor() as cursor:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
