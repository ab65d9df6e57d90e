"""An increment holds exactly what changed between two snapshots, whatever was running."""

from datetime import UTC, datetime

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connections

from accounts.models import User
from audit.capture.tracked import tracked_tables
from audit.models import Event, EventKind
from backups.format.manifests import BackupKind
from backups.snapshot.tables import is_ephemeral
from backups.stores import Store
from devstack.stack import Stack
from patients.models import Patient
from tenants.context import ClinicRoute, clinic_scope
from tests.backups.rebuilding import backed_up, differences, dumped, rebuilt, somebody
from tests.people import FreshClinic


def test_a_full_and_an_increment_rebuild_the_clinic(
    fresh_clinic: FreshClinic, configured: Store, stack: Stack
) -> None:
    store, route, people = configured, fresh_clinic.route, fresh_clinic.people
    full = backed_up(store, route)

    with clinic_scope(route):
        Patient.objects.filter(id=people.record.id).update(name="Paciente Alterado")
        gone = Patient.objects.create(**somebody(1))
        Patient.objects.create(**somebody(2))
        gone.delete()
        User.objects.filter(id=people.owner.id).update(password=make_password("another one"))
        Event.objects.create(kind=EventKind.EXPORTED, details={"rows": 2})

    increment = backed_up(store, route, full)

    assert increment.manifest.kind is BackupKind.INCREMENT
    assert increment.manifest.parent == full.as_parent
    assert increment.manifest.snapshots.start == full.manifest.snapshots.end

    with rebuilt(stack, store, [full, increment]) as (schema, applied):
        assert differences(dumped(stack, schema), dumped(stack, route.schema)) == {}

    assert applied.by_commit
    assert applied.lost == 0


def test_until_stops_at_a_commit(
    fresh_clinic: FreshClinic, configured: Store, stack: Stack
) -> None:
    store, route, people = configured, fresh_clinic.route, fresh_clinic.people
    full = backed_up(store, route)
    with clinic_scope(route):
        User.objects.filter(id=people.owner.id).update(password="first")
        Patient.objects.filter(id=people.record.id).update(name="Primeira")

    middle = dumped(stack, route.schema)

    with clinic_scope(route):
        with connections[route.shard].cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            (moment,) = cursor.fetchone()

        Patient.objects.filter(id=people.record.id).update(name="Segunda")
        User.objects.filter(id=people.owner.id).update(password="second")

    increment = backed_up(store, route, full)
    with rebuilt(stack, store, [full, increment], until=moment) as (schema, applied):
        found = differences(dumped(stack, schema), middle)

    assert set(found) == {"accounts_user"}  # its password came and went within one increment
    assert applied.lost == 1
    assert applied.reached is not None
    assert applied.reached <= moment.astimezone(UTC) <= datetime.now(UTC)

    with rebuilt(stack, store, [full, increment]) as (schema, applied):
        assert differences(dumped(stack, schema), dumped(stack, route.schema)) == {}

    assert applied.lost == 0


def test_nothing_is_written_when_nothing_changed(
    fresh_clinic: FreshClinic, configured: Store
) -> None:
    full = backed_up(configured, fresh_clinic.route)
    before = [item.key for item in configured.listed("")]
    assert backed_up(configured, fresh_clinic.route, full) is full
    assert [item.key for item in configured.listed("")] == before


_TABLES = """
SELECT c.relname, EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid
                             AND a.atttypid = 'xid8'::regtype),
       has_table_privilege(%s, c.oid, 'INSERT'),
       has_table_privilege(%s, c.oid, 'UPDATE') OR has_table_privilege(%s, c.oid, 'DELETE')
         OR has_table_privilege(%s, c.oid, 'TRUNCATE')
  FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
"""


def test_no_table_escapes(in_norte: ClinicRoute) -> None:
    """Every table is tracked, append-only with its transaction, read-only, or of sign-ins."""
    with connections[in_norte.shard].cursor() as cursor:
        tracked = {found.table for found in tracked_tables(cursor)}
        cursor.execute(_TABLES, [settings.APP_ROLE] * 4)
        tables = cursor.fetchall()

    assert len(tables) > 20

    for table, has_xid, inserts, changes in tables:
        appended = has_xid and not changes
        read_only = not inserts and not changes

        assert table in tracked or appended or read_only or is_ephemeral(table), (
            f"Changes of {table} reach no increment: give it a history, or an xid8 column and no"
            " right to UPDATE and DELETE."
        )
