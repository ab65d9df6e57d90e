"""The ten ways in which schema-per-tenant systems leaked (H1 to H10): none can happen here."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.db.utils import OperationalError

from accounts.models import User
from patients.models import Patient
from tenants.context import (
    ClinicRoute,
    check_schema_name,
    clinic_scope,
    current_scope,
    platform_scope,
)
from tenants.errors import (
    ClinicSchemaMissing,
    CrossClinicAccess,
    InvalidSchemaName,
    NoClinicActive,
    StaleRoute,
)
from tenants.fleet import clinics_behind, server_cursor
from tenants.models import Clinic
from tenants.postgresql import base
from tests.people import FreshClinic

KILL_SERVER_PROCESS = "SELECT pg_terminate_backend(pg_backend_pid()), %s, %s, %s, %s"
pytestmark = pytest.mark.usefixtures("people")


def patients_of(therapist: User | None) -> list[Patient]:
    assert therapist is not None
    return list(therapist.patients.all())


def tables_of(shard: str, schema: str) -> set[str]:
    with server_cursor(shard) as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
        return {row[0] for row in cursor.fetchall()}


def test_h1_a_migration_is_never_recorded_on_a_shard_without_its_tables() -> None:
    with pytest.raises(CommandError, match="migrate_clinics"):
        call_command("migrate", database="shard_1", verbosity=0)
    assert tables_of("shard_1", "public") == set()
    assert {"django_migrations", "patients_patient"} <= tables_of("shard_1", "_template")


def test_h2_a_shard_is_migrated_without_asking_for_clinics_of_other_shards(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with platform_scope():
        assert clinics_behind("shard_1") == clinics_behind("shard_2") == []
    call_command("migrate_clinics", shard=["shard_1"])
    assert "0 failed" in capsys.readouterr().out


def test_h3_leaving_a_clinic_restores_the_one_before_on_every_alias(
    norte: ClinicRoute, sul: ClinicRoute
) -> None:
    def path(alias: str) -> str:
        with connections[alias].cursor() as cursor:
            cursor.execute("SHOW search_path")
            return str(cursor.fetchone()[0])

    with clinic_scope(norte):
        with clinic_scope(sul):
            assert path("shard_2") == '"sul", pg_temp'
            with pytest.raises(NoClinicActive):
                path("shard_1")
        assert path("shard_1") == '"norte", pg_temp'
        with pytest.raises(RuntimeError), clinic_scope(sul):
            raise RuntimeError
        assert path("shard_1") == '"norte", pg_temp'
    assert current_scope() is None


def test_h3_the_ways_that_django_tenants_has_into_a_clinic_are_refused() -> None:
    with pytest.raises(TypeError, match="clinic_scope"), Clinic(schema_name="norte"):
        pass
    with pytest.raises(TypeError, match="clinic_scope"):
        connections["shard_1"].set_schema("norte")  # type: ignore[attr-defined]


def test_h4_a_missing_schema_is_an_error_and_never_public(norte: ClinicRoute) -> None:
    ghost = ClinicRoute(norte.clinic_id, "ghost", norte.shard, 1)
    for use in (Patient.objects.count, lambda: Patient.objects.create(name="Ninguém")):
        with clinic_scope(ghost), pytest.raises(ClinicSchemaMissing):
            with transaction.atomic(using=norte.shard):
                use()


def test_h4_a_route_from_before_a_move_is_refused(norte: ClinicRoute) -> None:
    moved = ClinicRoute(norte.clinic_id, norte.schema, norte.shard, norte.epoch + 1)
    with clinic_scope(moved), pytest.raises(StaleRoute):
        Patient.objects.count()


def test_h4_another_clinics_schema_under_this_name_is_refused(
    norte: ClinicRoute, sul: ClinicRoute
) -> None:
    swapped = ClinicRoute(sul.clinic_id, norte.schema, norte.shard, 1)
    with clinic_scope(swapped), pytest.raises(ClinicSchemaMissing):
        Patient.objects.count()


def test_h5_after_a_rollback_to_a_savepoint_the_rows_are_the_clinics_own(
    fresh_clinic: FreshClinic, norte: ClinicRoute
) -> None:
    with transaction.atomic(using="shard_1"):
        with clinic_scope(norte):
            names = set(Patient.objects.values_list("therapist__email", flat=True))

        with pytest.raises(RuntimeError), transaction.atomic(using="shard_1"):
            with clinic_scope(fresh_clinic.route):
                Patient.objects.count()
                raise RuntimeError
        with clinic_scope(norte):
            assert set(Patient.objects.values_list("therapist__email", flat=True)) == names


def test_h5_a_failed_statement_in_a_savepoint_leaves_the_clinic_set(in_norte: ClinicRoute) -> None:
    with transaction.atomic(using="shard_1"):
        with pytest.raises(Exception, match="division"), transaction.atomic(using="shard_1"):
            with connections["shard_1"].cursor() as cursor:
                cursor.execute("SELECT 1/0")
        assert Patient.objects.count() == 1


def test_h6_a_queryset_built_in_one_clinic_is_refused_in_another(
    norte: ClinicRoute, sul: ClinicRoute
) -> None:
    with clinic_scope(norte):
        built = Patient.objects.filter(name__startswith="P")
        evaluated = Patient.objects.all()
        assert len(evaluated) == 1
    with clinic_scope(sul):
        uses: list[Callable[[], object]] = [
            lambda: list(built),
            lambda: len(built),
            lambda: bool(built),
            built.count,
            built.exists,
            built.first,
            lambda: list(built.iterator()),
            lambda: built.update(name="X"),
            built.delete,
        ]

        for use in uses:
            with pytest.raises(CrossClinicAccess):
                use()
        with pytest.raises(CrossClinicAccess):
            list(evaluated)  # not even from its result cache


def test_h6_a_queryset_made_at_import_belongs_to_whoever_evaluates_it_first(
    norte: ClinicRoute, sul: ClinicRoute
) -> None:
    at_import = Patient.objects.all()

    with clinic_scope(norte):
        assert len(at_import.all()) == 1  # REST framework's use: a clone for each request
        assert len(at_import) == 1
    with clinic_scope(sul), pytest.raises(CrossClinicAccess):
        list(at_import)


def test_h7_an_object_of_one_clinic_is_refused_in_another(
    norte: ClinicRoute, sul: ClinicRoute
) -> None:
    with clinic_scope(norte):
        patient = Patient.objects.get()
        therapist = patient.therapist
    attempts: list[Callable[[], object]] = [
        patient.save,
        patient.delete,
        lambda: patient.refresh_from_db(),
        lambda: patients_of(therapist),
        lambda: patient.save(using="shard_2"),
        lambda: patient.delete(using="shard_2"),
        lambda: patient.refresh_from_db(using="shard_2"),
        lambda: Patient.objects.bulk_create([patient]),
        lambda: Patient.objects.bulk_update([patient], ["name"]),
        lambda: therapist.save(using="shard_2"),  # type: ignore[union-attr]
        lambda: Patient(therapist=therapist),
    ]
    with clinic_scope(sul):
        theirs = Patient.objects.get()
        attempts.append(lambda: setattr(theirs, "therapist", therapist))

        for attempt in attempts:
            with pytest.raises((CrossClinicAccess, ValueError)):
                attempt()


def test_h7_platform_staff_are_no_clinics_people(norte: ClinicRoute) -> None:
    with platform_scope():
        staff = User.objects.create_superuser("root@fisioflow.example", full_name="Root")
    with clinic_scope(norte), pytest.raises(CrossClinicAccess):
        staff.save()


def test_h8_a_new_thread_has_no_clinic(in_norte: ClinicRoute) -> None:
    seen: list[object] = []

    def look() -> None:
        try:
            Patient.objects.count()
        except NoClinicActive as refusal:
            seen.append(refusal.code)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(look).result()

    assert seen == ["no_clinic_active", "no_clinic_active"]


def test_h8_async_code_keeps_the_clinic_that_it_was_called_in(in_norte: ClinicRoute) -> None:
    async def count() -> int:
        return await sync_to_async(Patient.objects.count)()

    assert async_to_sync(count)() == 1


@pytest.mark.parametrize(
    "name",
    [
        "x'; drop table y; --",
        'a"b',
        "Norte",
        "a",
        "1a",
        "_template",
        "public",
        "pg_toast",
        "a" * 50,
    ],
)
def test_h9_a_name_that_could_become_sql_is_refused(name: str, norte: ClinicRoute) -> None:
    with pytest.raises(InvalidSchemaName):
        check_schema_name(name)
    route = ClinicRoute(norte.clinic_id, name, norte.shard, 1)
    with pytest.raises(InvalidSchemaName), clinic_scope(route):
        pass


def test_h10_when_the_path_cannot_be_set_nothing_runs(
    norte: ClinicRoute, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clinic_scope(norte):
        Patient.objects.count()
    monkeypatch.setattr(base, "_ENTER_CLINIC", KILL_SERVER_PROCESS)
    connection = connections["shard_1"].copy("shard_1")
    try:
        with clinic_scope(norte), pytest.raises(OperationalError):
            connection.cursor()

        monkeypatch.undo()
        connection.close()
        with clinic_scope(norte), connection.cursor() as cursor:
            cursor.execute("SELECT current_schema()")
            assert cursor.fetchone()[0] == "norte"
    finally:
        connection.close()


def test_without_a_clinic_nothing_clinical_can_be_touched(db: None) -> None:
    with pytest.raises(NoClinicActive):
        Patient.objects.count()
    with platform_scope(), pytest.raises(NoClinicActive):
        Patient.objects.count()
    with pytest.raises(NoClinicActive):
        connections["shard_1"].cursor()
