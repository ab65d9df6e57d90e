"""Clients of a clinic during a restore: none sees an error, and nothing acknowledged is lost."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from pytest_django import Settings

from audit.models import Event, EventKind
from backups.errors import ClinicBusy
from backups.installation import Installation
from backups.restore.chain import chain_to
from backups.restore.drills import clinics_to_drill, drill_run
from backups.restore.fence import fence, is_fenced
from backups.restore.in_place import clinic_restore
from backups.restore.swap import RESTORE_POINT_DAYS, drop_old_restore_points
from backups.store_readme import write_readme
from backups.stores import Store
from backups.take.making import backup_make
from core.actor import acting_as_job
from devstack.stack import Stack
from patients.models import Patient
from tenants.context import ClinicRoute, clinic_scope, maintenance_scope, platform_scope
from tenants.errors import ClinicBeingRestored
from tenants.fleet import announce_tables, clinical_targets, migrate_schema, server_cursor
from tenants.models import Clinic
from tenants.postgresql.owner import as_owner, owner_connection
from tenants.schemas import EPOCH_TABLE, drop_schema, write_digest, write_epoch
from tests.backups.dumps import dumped
from tests.backups.rebuilding import backed_up, somebody
from tests.people import FreshClinic


@dataclass
class Clients:
    """Threads that read, open charts (an event each) and write, until they are told to end."""

    route: ClinicRoute
    written: list[str] = field(default_factory=list)
    viewed: int = 0
    refused: int = 0
    errors: list[Exception] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def read(self, _: int) -> None:
        assert Patient.objects.count() > 0

    def write(self, number: int) -> None:
        self.written.append(Patient.objects.create(**somebody(number)).name)

    def look(self, number: int) -> None:
        patient = Patient.objects.first()
        assert patient is not None
        Event.objects.create(kind=EventKind.CHART_VIEWED, patient_id=patient.id)
        self.viewed += 1

    def work(self, what: Callable[[int], None]) -> None:
        number = 0

        with acting_as_job("tests"):
            while not self.ended.is_set():
                number += 1
                try:
                    with clinic_scope(self.route):
                        what(number)
                except ClinicBeingRestored:
                    self.refused += 1
                except Exception as error:  # noqa: BLE001  no client may see any error
                    self.errors.append(error)

        connections.close_all()


@contextmanager
def at_work(route: ClinicRoute) -> Iterator[Clients]:
    clients = Clients(route)
    kinds = (clients.read, clients.read, clients.write, clients.look)
    threads = [threading.Thread(target=clients.work, args=(kind,)) for kind in kinds]
    for thread in threads:
        thread.start()

    try:
        while not (clients.written and clients.viewed):
            if clients.errors:
                break
        yield clients
    finally:
        clients.ended.set()
        for thread in threads:
            thread.join()


def test_a_restore_under_load(fresh_clinic: FreshClinic, configured: Store) -> None:
    route = fresh_clinic.route
    backed_up(configured, route)
    chain = chain_to(Installation(), route.clinic_id, "latest")

    with at_work(route) as clients:
        with acting_as_job("restore"):
            clinic_restore(Installation(), route=route, chain=chain)
        before, enough = len(clients.written), threading.Event()
        while len(clients.written) == before and not clients.errors:
            enough.wait(0.01)

    assert clients.errors == []
    assert clients.refused > 0

    with clinic_scope(route):
        assert Patient.history.filter(history_type="+", name__startswith="Paciente ").exclude(
            name="Paciente Modelo"
        ).count() == len(clients.written)
        assert Event.objects.filter(kind=EventKind.CHART_VIEWED).count() == clients.viewed


def test_a_writer_who_never_ends_makes_the_restore_give_up(
    fresh_clinic: FreshClinic,
) -> None:
    route = fresh_clinic.route

    with owner_connection("shard_1") as writer, owner_connection("shard_1") as connection:
        with writer.transaction():
            writer.execute(f'SET LOCAL search_path = "{route.schema}"')
            writer.execute("""SET LOCAL fisioflow.actor = '{"label": "job:tests"}'""")
            writer.execute("UPDATE patients_patient SET name = name")

            with pytest.raises(ClinicBusy):
                fence(connection, route.schema, patience=0.2)
        assert not is_fenced(connection, route.schema)


def test_restore_points_go_after_a_week(fresh_clinic: FreshClinic, configured: Store) -> None:
    route = fresh_clinic.route
    backed_up(configured, route)
    with acting_as_job("restore"):
        chain = chain_to(Installation(), route.clinic_id, "latest")
        done = clinic_restore(Installation(), route=route, chain=chain)

    later = timezone.now() + timedelta(days=RESTORE_POINT_DAYS, minutes=1)
    with owner_connection("shard_1") as connection:
        assert drop_old_restore_points(connection, now=timezone.now()) == []
        gone = [point.schema for point in drop_old_restore_points(connection, now=later)]

    assert done.restore_point in gone


def test_an_older_schema_is_migrated_forward(
    fresh_clinic: FreshClinic, configured: Store, stack: Stack
) -> None:
    route = fresh_clinic.route
    definition = dumped(stack, route.schema).partition("ROWS OF")[0]
    drop_schema("shard_1", route.schema)
    build_older(route, before=("exercises", "0001_tables"))

    assert dumped(stack, route.schema).partition("ROWS OF")[0] != definition

    backed_up(configured, route)
    migrate_schema("shard_1", route.schema)
    with acting_as_job("restore"):
        chain = chain_to(Installation(), route.clinic_id, "latest")
        clinic_restore(Installation(), route=route, chain=chain)

    assert dumped(stack, route.schema).partition("ROWS OF")[0] == definition

    with clinic_scope(route):
        Patient.objects.create(**somebody(1))


def build_older(route: ClinicRoute, before: tuple[str, str]) -> None:
    """Build the clinic's schema as it was before an app's newer migrations."""
    targets = [node for node in clinical_targets() if node[0] != before[0]]

    with as_owner("shard_1"):
        with server_cursor("shard_1") as cursor:
            cursor.execute(f'CREATE SCHEMA "{route.schema}"')
            cursor.execute(f'SET LOCAL search_path = "{route.schema}"; {EPOCH_TABLE}')
            write_epoch(cursor, route.schema, route.clinic_id, route.epoch, "open")

    with as_owner("shard_1"), maintenance_scope(route.schema):
        MigrationExecutor(connections["shard_1"]).migrate([*targets, before])
        announce_tables("shard_1", route.schema)
        with connections["shard_1"].cursor() as cursor:
            write_digest(cursor, route.schema, "0" * 32)


def test_a_full_is_drilled_once(fresh_clinic: FreshClinic, configured: Store) -> None:
    with platform_scope():
        clinic = Clinic.objects.get(id=fresh_clinic.route.clinic_id)
        assert clinic not in clinics_to_drill(timezone.now())
        backup_make(Installation(), clinic=clinic)
        assert clinic in clinics_to_drill(timezone.now())
        drill_run(Installation(), clinic=clinic)
        assert clinic not in clinics_to_drill(timezone.now())


@pytest.mark.skipif(not shutil.which("age"), reason="age isn't installed")
def test_the_stores_own_script_gives_the_same_rows(
    fresh_clinic: FreshClinic, configured: Store, stack: Stack, settings: Settings
) -> None:
    route, schema = fresh_clinic.route, "r_by_hand"
    made = backed_up(configured, route)
    write_readme(configured)
    server = settings.DATABASES["shard_1"]
    names = {"PGHOST": "HOST", "PGUSER": "USER", "PGDATABASE": "NAME"}
    access = {name: str(server[key]) for name, key in names.items() if server[key]}
    backup, identity = str(made.manifest.backup_id), settings.BACKUP_IDENTITY_FILE

    try:
        subprocess.run(
            ["sh", "restore.sh", str(route.clinic_id), backup, schema, identity,
             Installation().signing_key.public],
            cwd=Path(settings.BACKUP_STORE_URL.removeprefix("file://")),
            env=stack.environ(access),
            check=True,
        )  # fmt: skip
        assert rows(dumped(stack, schema)) == rows(dumped(stack, route.schema))
    finally:
        with owner_connection("shard_1") as connection:
            connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


def rows(dump: str) -> list[str]:
    """The dumped rows, without those that a backup leaves out."""
    parts = dump.split("ROWS OF ")[1:]
    return [part.partition("\n\n")[0] for part in parts if not part.startswith("clinic_epoch")]
