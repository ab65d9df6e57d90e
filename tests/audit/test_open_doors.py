"""Somebody let the application make its own objects: that is closed or reported, and gains nothing.

Code that runs with the owner's rights must find no object of the application by its name.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.backends.utils import CursorWrapper
from pytest_django import Settings

from audit.capture.privileges import grant
from audit.seals.verification import verify
from tenants.context import TEMPLATE_SCHEMA, clinic_scope, maintenance_scope
from tenants.postgresql.owner import as_owner
from tests.audit.fixture_types import AsApplication, Connection
from tests.audit.tampering import problems
from tests.people import FreshClinic

ROOM = (
    "INSERT INTO {schema}.scheduling_room (id, name, capacity, active, created_at, updated_at)"
    " VALUES (gen_random_uuid(), 'Sala', 1, true, pg_catalog.now(), pg_catalog.now())"
)
EVENT = (
    "INSERT INTO {schema}.audit_event (kind, table_name, record_id, details)"
    " VALUES ('printed', '', '', '{{}}')"
)
# Objects that an attacker would put in the place of PostgreSQL's own.
MINE = """
CREATE FUNCTION loose.mine() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'fisioflow_app' THEN RAISE EXCEPTION 'ran as %', current_user; END IF;
    RETURN true;
END $$;
CREATE FUNCTION loose.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql
    AS $$ BEGIN PERFORM loose.mine(); RETURN pg_catalog.now(); END $$;
CREATE FUNCTION loose.convert_to(varchar, name) RETURNS bytea LANGUAGE plpgsql
    AS $$ BEGIN PERFORM loose.mine(); RETURN ''; END $$;
CREATE FUNCTION loose.current_schemas(boolean) RETURNS name[] LANGUAGE plpgsql
    AS $$ BEGIN PERFORM loose.mine(); RETURN '{}'; END $$;
CREATE FUNCTION loose.unlike(anyarray, anyarray) RETURNS boolean LANGUAGE plpgsql
    AS $$ BEGIN PERFORM loose.mine(); RETURN false; END $$;
CREATE OPERATOR loose.<> (LEFTARG = anyarray, RIGHTARG = anyarray, FUNCTION = loose.unlike);
CREATE DOMAIN loose.jsonb AS pg_catalog.jsonb CHECK (loose.mine());
CREATE DOMAIN loose.name AS pg_catalog.name CHECK (loose.mine());
"""


@pytest.fixture
def superuser(fresh_clinic: FreshClinic) -> Iterator[Connection]:
    of = connections["shard_1"].settings_dict
    with psycopg.connect(
        host=of["HOST"], dbname=of["NAME"], user="postgres", autocommit=True
    ) as connection:
        yield connection
        connection.execute("DROP SCHEMA IF EXISTS loose CASCADE")
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC, fisioflow_app")


@contextmanager
def owners_cursor() -> Iterator[CursorWrapper]:
    with (
        as_owner("shard_1"),
        maintenance_scope(TEMPLATE_SCHEMA),
        connections["shard_1"].cursor() as cursor,
    ):
        cursor.execute("SELECT 1")  # enters the schema: from here on grants decide
        yield cursor


def test_a_schema_that_everybody_may_write_to_is_named_and_closed(
    superuser: Connection, fresh_clinic: FreshClinic
) -> None:
    for role in ("PUBLIC", "fisioflow_app"):
        superuser.execute(f"GRANT CREATE ON SCHEMA public TO {role}")
        with clinic_scope(fresh_clinic.route):
            (finding,) = verify(alias="shard_1").findings

        assert (finding.problem, finding.detail) == (
            "grant_excess",
            "fisioflow_app may make functions in the schema public",
        )

        with owners_cursor() as cursor:
            grant(cursor, f'"{TEMPLATE_SCHEMA}"', in_directory=False)
        assert problems(fresh_clinic.route) == set()


def test_a_schema_that_the_owner_cant_close_stops_the_migration(superuser: Connection) -> None:
    superuser.execute("CREATE SCHEMA loose; GRANT CREATE ON SCHEMA loose TO PUBLIC")
    with (
        owners_cursor() as cursor,
        pytest.raises(ImproperlyConfigured, match="may make functions in the schema loose"),
    ):
        grant(cursor, f'"{TEMPLATE_SCHEMA}"', in_directory=False)


def test_a_role_that_could_get_round_the_grants_is_refused(
    fresh_clinic: FreshClinic, settings: Settings
) -> None:
    with owners_cursor() as cursor, pytest.raises(ImproperlyConfigured, match="become the owner"):
        settings.APP_ROLE = "fisioflow"  # the owner's own
        grant(cursor, f'"{TEMPLATE_SCHEMA}"', in_directory=False)


@pytest.fixture
def loose(superuser: Connection, as_application: AsApplication) -> None:
    """A schema that the application may write to, full of traps."""
    superuser.execute("CREATE SCHEMA loose; GRANT ALL ON SCHEMA loose TO PUBLIC")
    as_application().execute(MINE)


PATHS = (
    "loose, {schema}",
    "loose, pg_catalog, {schema}",
    "{schema}, loose, pg_catalog",
    "{schema}, loose",
    "pg_catalog, {schema}, loose",
    "{schema}, pg_temp, loose",
    "{schema}, pg_catalog",
    "{schema}, {schema}, loose",
    "loose",
)


@pytest.mark.parametrize("path", PATHS)
def test_nothing_of_the_applications_runs_with_the_owners_rights(
    path: str, loose: None, fresh_clinic: FreshClinic, as_application: AsApplication
) -> None:
    schema = fresh_clinic.route.schema
    connection = as_application(path=path.format(schema=schema))
    for statement in (ROOM, EVENT):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="search path leads away"):
            connection.execute(statement.format(schema=schema))


def test_nothing_that_the_session_met_on_another_path_runs_with_them_either(
    loose: None, fresh_clinic: FreshClinic, as_application: AsApplication
) -> None:
    """PostgreSQL compiles a function once in a session, by the path of its first call."""
    schema = fresh_clinic.route.schema
    connection = as_application(path=f"loose, pg_catalog, {schema}")
    connection.execute("SELECT audit_actor()")

    for statement in (ROOM, EVENT):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.format(schema=schema))

    connection.execute(f"SET search_path = {schema}, pg_temp")
    for statement in (ROOM, EVENT):
        connection.execute(statement.format(schema=schema))


@pytest.mark.parametrize("function", ["audit_event_actor", "scheduling_room_keep_history"])
def test_the_trails_trigger_refuses_a_table_of_the_applications(
    function: str, loose: None, fresh_clinic: FreshClinic, as_application: AsApplication
) -> None:
    connection = as_application(path="loose")
    connection.execute(
        f"""
        CREATE FUNCTION audit_actor() RETURNS pg_catalog.jsonb LANGUAGE plpgsql
            AS $$ BEGIN PERFORM loose.mine(); RETURN '{{}}'; END $$;
        CREATE TABLE scheduling_room (id uuid);
        CREATE TRIGGER t AFTER INSERT ON scheduling_room REFERENCING NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION "{fresh_clinic.route.schema}".{function}();
        """
    )

    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="search path leads away"):
        connection.execute("INSERT INTO scheduling_room VALUES (gen_random_uuid())")
