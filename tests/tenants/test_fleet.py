"""Migrations of the fleet: templates first, then the clinics behind; a failure stops no other."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, migrations
from django.test.utils import CaptureQueriesContext

from patients.models import Patient
from tenants import fleet
from tenants.context import TEMPLATE_SCHEMA, ClinicRoute, clinic_scope, platform_scope
from tenants.fleet import clinics_behind, migrate_schema, server_cursor
from tenants.postgresql.owner import as_owner
from tests.people import FreshClinic, InThreads

Release = type[migrations.Migration]


def columns_of(schema: str) -> set[str]:
    with as_owner("shard_1"), server_cursor("shard_1") as cursor:
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0"
            " AND NOT attisdropped",
            [f'"{schema}".patients_patient'],
        )
        return {row[0] for row in cursor.fetchall()}


def test_a_release_reaches_the_templates_first_and_then_every_clinic(
    release: Release, fresh_clinic: FreshClinic, capsys: pytest.CaptureFixture[str]
) -> None:
    with platform_scope():
        assert fresh_clinic.route.schema in clinics_behind("shard_1")

    call_command("migrate_clinics", dry_run=True)
    assert "nickname" not in columns_of(TEMPLATE_SCHEMA)

    call_command("migrate_clinics")
    printed = capsys.readouterr().out
    template = printed.index("shard_1 template _template: ok")

    assert template < printed.index(f"{fresh_clinic.route.schema}: ok")
    for schema in (TEMPLATE_SCHEMA, "norte", fresh_clinic.route.schema):
        assert "nickname" in columns_of(schema)

    call_command("migrate_clinics")
    assert "0 schemas migrated, 0 failed" in capsys.readouterr().out


def test_a_failing_clinic_is_named_and_stops_nobody_and_a_second_run_resumes(
    release: Release, fresh_clinic: FreshClinic, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = fresh_clinic.route.schema
    with as_owner("shard_1"), server_cursor("shard_1") as cursor:
        cursor.execute(f'ALTER TABLE "{schema}".patients_patient ADD COLUMN nickname int')

    with pytest.raises(CommandError, match=f"shard_1/{schema}"):
        call_command("migrate_clinics")
    assert "already exists" in capsys.readouterr().err
    assert "nickname" in columns_of("norte")
    with platform_scope():
        assert clinics_behind("shard_1") == [schema]
    with clinic_scope(fresh_clinic.route):
        assert Patient.objects.count() == 1  # on the old version it goes on working

    with as_owner("shard_1"), server_cursor("shard_1") as cursor:
        cursor.execute(f'ALTER TABLE "{schema}".patients_patient DROP COLUMN nickname')
    call_command("migrate_clinics")

    assert "1 schemas migrated, 0 failed" in capsys.readouterr().out


def test_a_template_that_fails_keeps_its_shards_clinics_as_they_were(
    release: Release, fresh_clinic: FreshClinic
) -> None:
    release.operations = [migrations.RunSQL("SELECT 1/0")]

    with pytest.raises(CommandError, match="shard_1/_template"):
        call_command("migrate_clinics")
    assert "nickname" not in columns_of("norte")
    with platform_scope():
        assert "norte" in clinics_behind("shard_1")


def test_two_runs_at_once_migrate_a_clinic_once(
    release: Release, fresh_clinic: FreshClinic, in_threads: InThreads
) -> None:
    fleet.migrate_template("shard_1")
    results = in_threads(3, lambda: migrate_schema("shard_1", fresh_clinic.route.schema))
    assert sorted(results) == [False, False, True]


def test_a_clinic_whose_schema_is_gone_is_reported(
    fresh_clinic: FreshClinic, capsys: pytest.CaptureFixture[str]
) -> None:
    with as_owner("shard_1"), server_cursor("shard_1") as cursor:
        cursor.execute(f'DROP SCHEMA "{fresh_clinic.route.schema}" CASCADE')
    with pytest.raises(CommandError, match=fresh_clinic.route.schema):
        call_command("migrate_clinics", shard=["shard_1"])


def test_who_is_behind_takes_one_query_per_shard(norte: ClinicRoute) -> None:
    with platform_scope(), CaptureQueriesContext(connections["shard_1"]) as queries:
        assert clinics_behind("shard_1") == []
    assert sum("pg_namespace" in query["sql"] for query in queries) == 1
    assert sum(" FROM " in query["sql"] for query in queries) == 1


def test_an_unknown_shard_is_refused(norte: ClinicRoute) -> None:
    with pytest.raises(CommandError, match="shard_7"):
        call_command("migrate_clinics", shard=["shard_7"])


def test_all_clinics_of_a_shard_share_the_ids_of_content_types(
    release: Release, fresh_clinic: FreshClinic
) -> None:
    def ids(schema: str) -> list[tuple[Any, ...]]:
        with as_owner("shard_1"), server_cursor("shard_1") as cursor:
            cursor.execute(f'SELECT id, app_label, model FROM "{schema}".django_content_type')
            return sorted(cursor.fetchall())

    call_command("migrate_clinics", verbosity=0)

    assert ids("norte") == ids(TEMPLATE_SCHEMA) == ids(fresh_clinic.route.schema)
