"""A schema built from the template equals the template, as pg_dump shows."""

import subprocess

import pytest
from django.db import connections, transaction

from devstack.stack import Stack
from tenants.context import TEMPLATE_SCHEMA, ClinicRoute, clinic_scope, maintenance_scope
from tenants.ddl import UnsupportedObject, read_definition
from tenants.fleet import server_cursor
from tenants.postgresql.owner import as_owner
from tenants.schemas import drop_schema
from tests.people import FreshClinic

ABOUT_THE_SCHEMA = ("CREATE SCHEMA", "COMMENT ON SCHEMA", "GRANT USAGE ON SCHEMA")


def dump(stack: Stack, schema: str) -> str:
    """pg_dump's view of the definition, without the schema's name and without comments."""
    url = stack.addresses()["SHARD_1_OWNER_URL"]
    done = subprocess.run(
        ["pg_dump", "--schema-only", "--no-owner", f"--schema={schema}", url],
        check=True,
        capture_output=True,
        text=True,
    )

    lines = [
        line
        for line in done.stdout.replace(f"{schema}.", "").splitlines()
        if line and not line.startswith(("--", "\\", *ABOUT_THE_SCHEMA))
    ]

    return "\n".join(lines)


def test_pg_dump_finds_no_difference_between_a_new_clinic_and_the_restored_template(
    fresh_clinic: FreshClinic, stack: Stack
) -> None:
    # Restored once: pg_dump writes some expressions differently before and after a restore.
    template = dump(stack, TEMPLATE_SCHEMA)
    with as_owner("shard_1"), server_cursor("shard_1") as cursor:
        cursor.execute("CREATE SCHEMA restored; SET LOCAL search_path = restored, pg_temp")
        cursor.execute(
            template.replace("SELECT pg_catalog.set_config('search_path', '', false);", "")
        )

    try:
        assert dump(stack, fresh_clinic.route.schema) == dump(stack, "restored")
    finally:
        drop_schema("shard_1", "restored")


def test_templates_and_clinics_have_one_fingerprint(norte: ClinicRoute, sul: ClinicRoute) -> None:
    prints = set()
    for route in (norte, sul):
        with clinic_scope(route), connections[route.shard].cursor() as cursor:
            prints.add(read_definition(cursor).fingerprint)
        with (
            as_owner(route.shard),
            maintenance_scope(TEMPLATE_SCHEMA),
            connections[route.shard].cursor() as cursor,
        ):
            prints.add(read_definition(cursor).fingerprint)

    assert len(prints) == 1


@pytest.mark.parametrize(
    "ddl",
    [
        "CREATE VIEW v AS SELECT 1 AS one",
        "CREATE DOMAIN d AS text",
        "CREATE SEQUENCE loose",
        "CREATE TYPE pair AS (a int, b int)",
        "CREATE TABLE parts (a int) PARTITION BY LIST (a)",
        "ALTER TABLE patients_patient ENABLE ROW LEVEL SECURITY",
        "CREATE STATISTICS s ON name, cpf FROM patients_patient",
    ],
)
def test_what_cannot_be_copied_is_refused_and_never_left_out(
    in_norte: ClinicRoute, ddl: str
) -> None:
    with as_owner("shard_1"), connections["shard_1"].cursor() as cursor:
        cursor.execute(ddl)
        with pytest.raises(UnsupportedObject):
            read_definition(cursor)


def test_types_functions_triggers_and_comments_come_along(norte: ClinicRoute) -> None:
    with (
        as_owner("shard_1"),
        maintenance_scope(TEMPLATE_SCHEMA),
        transaction.atomic(using="shard_1"),
    ):
        with connections["shard_1"].cursor() as cursor:
            cursor.execute(
                """CREATE TYPE mood AS ENUM ('calm', 'in pain');
                CREATE FUNCTION twice(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * i';
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                    'BEGIN RAISE EXCEPTION ''no''; END';
                CREATE TABLE odd (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, feels mood,
                    "Q" text COLLATE "C", two int GENERATED ALWAYS AS (twice(3)) STORED);
                COMMENT ON COLUMN odd."Q" IS 'what''s this';
                CREATE TRIGGER stop BEFORE DELETE ON odd FOR EACH ROW EXECUTE FUNCTION refuse();
                ALTER TABLE odd ENABLE ALWAYS TRIGGER stop"""
            )
            definition = read_definition(cursor)
            cursor.execute("CREATE SCHEMA copied; SET LOCAL search_path = copied, pg_temp")
            cursor.execute(definition.structure)
            cursor.execute(definition.rules)

            assert read_definition(cursor).fingerprint == definition.fingerprint
            assert "_template" not in definition.structure + definition.rules
        transaction.set_rollback(True, using="shard_1")
