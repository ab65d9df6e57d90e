"""A database with migrations that this code lacks is refused, in one line, and left as it is."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command

from tenants.context import DIRECTORY, TEMPLATE_SCHEMA
from tenants.errors import MigrationsUnknown
from tenants.fleet import migrate_schema, migrate_template
from tenants.postgresql.owner import owner_connection
from tenants.schemas import read_digest
from tests.people import FreshClinic

GONE = ("accounts", "0002_intern")
ONE_LINE = r"^This database has migrations .*make reset\. \(migrations=accounts\.0002_intern\)$"


@contextmanager
def applied(alias: str, schema: str, app: str, name: str) -> Iterator[None]:
    """Inside, the schema's list has the migration, and a shard's schema looks behind."""
    with owner_connection(alias) as connection:
        table = f'"{schema}".django_migrations'
        before = connection.execute(
            "SELECT obj_description(to_regnamespace(%s), 'pg_namespace')", [f'"{schema}"']
        ).fetchone()
        assert before is not None
        connection.execute(
            f"INSERT INTO {table} (app, name, applied) VALUES (%s, %s, now())", [app, name]
        )
        if alias != DIRECTORY:
            connection.execute(f"COMMENT ON SCHEMA \"{schema}\" IS 'fisioflow:before'")
        try:
            yield
        finally:
            connection.execute(f"DELETE FROM {table} WHERE app = %s AND name = %s", [app, name])
            if alias != DIRECTORY:
                connection.execute(f'COMMENT ON SCHEMA "{schema}" IS %s', [before[0]])


def head_of(alias: str, schema: str) -> str:
    with owner_connection(alias) as connection, connection.cursor() as cursor:
        return read_digest(cursor, schema)


@pytest.mark.parametrize("command", ["migrate", "migrate_clinics"])
@pytest.mark.usefixtures("fresh_clinic")
def test_a_directory_from_before_the_first_release_is_refused(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with applied(DIRECTORY, "public", *GONE), pytest.raises(CommandError, match=ONE_LINE):
        call_command(command)

    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("fresh_clinic")
def test_a_shard_from_before_the_first_release_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with applied("shard_1", TEMPLATE_SCHEMA, *GONE):
        with pytest.raises(CommandError, match="shard_1"):
            call_command("migrate_clinics", shard=["shard_1"])
        assert head_of("shard_1", TEMPLATE_SCHEMA) == "before"

    assert "make reset. (migrations=accounts.0002_intern)" in capsys.readouterr().err


def test_no_way_to_migrate_a_schema_gets_round_it(fresh_clinic: FreshClinic) -> None:
    schema = fresh_clinic.route.schema
    with applied("shard_1", TEMPLATE_SCHEMA, *GONE), pytest.raises(MigrationsUnknown):
        migrate_template("shard_1")

    with applied("shard_1", schema, *GONE):
        with pytest.raises(MigrationsUnknown):
            migrate_schema("shard_1", schema)
        assert head_of("shard_1", schema) == "before"


def test_another_packages_migration_may_go(fresh_clinic: FreshClinic) -> None:
    schema = fresh_clinic.route.schema
    with applied("shard_1", schema, "sessions", "0000_squashed_since"):
        assert migrate_schema("shard_1", schema)
