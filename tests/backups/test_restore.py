"""A restore in place: the backup's rows, the whole trail, and the way back."""

from typing import Any

import pytest
from django.db import connections

from audit.models import Event, EventKind
from backups.errors import NoRestorePoint, WrittenSince
from backups.format.manifests import Signed
from backups.installation import Installation
from backups.restore.chain import chain_to
from backups.restore.fence import fence, lift
from backups.restore.in_place import clinic_restore
from backups.restore.undo import restore_undo
from backups.stores import Store
from core.actor import acting_as_job
from patients.models import Patient
from tenants.context import clinic_scope, platform_scope
from tenants.errors import ClinicBeingRestored, ClinicClosed
from tenants.postgresql.owner import owner_connection
from tenants.services import clinic_close
from tests.backups.rebuilding import backed_up, somebody
from tests.people import Api, FreshClinic


def restored(store: Store, clinic: FreshClinic, made: Signed, **options: Any) -> Any:
    chain = chain_to(Installation(store), clinic.route.clinic_id, made.manifest.backup_id)
    with acting_as_job("restore"):
        return clinic_restore(Installation(store), route=clinic.route, chain=chain, **options)


def drifted() -> list[str]:
    """The patients whose last version differs from the live row."""
    last = {row.id: row for row in Patient.history.latest_of_each()}
    live = {row.id: row for row in Patient.objects.all()}
    wrong = [str(key) for key, row in live.items() if last[key].name != row.name]
    return wrong + [
        str(key) for key, row in last.items() if row.history_type != "-" and key not in live
    ]


def test_a_restore_brings_back_the_rows_and_keeps_the_trail(
    fresh_clinic: FreshClinic, configured: Store
) -> None:
    route, record = fresh_clinic.route, fresh_clinic.people.record
    made = backed_up(configured, route)
    with clinic_scope(route):
        Patient.objects.filter(id=record.id).update(name="Outro Nome")
        added = Patient.objects.create(**somebody(1))

    done = restored(configured, fresh_clinic, made)

    assert done.changed == 2

    with clinic_scope(route):
        assert [patient.name for patient in Patient.objects.all()] == ["Paciente Modelo"]

        names = [row.name for row in Patient.history.filter(id=record.id).order_by("history_id")]
        assert names == ["Paciente Modelo", "Outro Nome", "Paciente Modelo"]

        last = Patient.history.filter(id=added.id).latest("history_id")
        assert (last.history_type, last.actor_label) == ("-", "job:restore")
        assert last.history_change_reason.startswith("restore to ")
        assert drifted() == []
        assert Event.objects.filter(kind=EventKind.RESTORED).count() == 1

        Patient.objects.create(**somebody(2))  # with the same rights as before


def test_an_undone_restore_leaves_only_the_trail(
    fresh_clinic: FreshClinic, configured: Store
) -> None:
    route = fresh_clinic.route
    made = backed_up(configured, route)
    with clinic_scope(route):
        Patient.objects.create(**somebody(1))
    restored(configured, fresh_clinic, made)
    with clinic_scope(route):
        Patient.objects.create(**somebody(2))

    with acting_as_job("undo_restore"):
        with pytest.raises(WrittenSince):
            restore_undo(route=route)

        with clinic_scope(route):
            Patient.objects.create(**somebody(3))  # the refusal left no fence
        restore_undo(route=route, discard=True)

    with clinic_scope(route):
        assert {patient.name for patient in Patient.objects.all()} == {
            "Paciente Modelo",
            "Paciente 1",
        }
        assert Patient.history.filter(name="Paciente 3").count() == 2  # made, and taken away
        assert drifted() == []

        Patient.objects.create(**somebody(4))


def test_a_closed_clinic_is_restored_and_stays_closed(
    fresh_clinic: FreshClinic, configured: Store
) -> None:
    made = backed_up(configured, fresh_clinic.route)
    with platform_scope():
        clinic_close(acting_user=None, schema_name=fresh_clinic.route.schema)
    restored(configured, fresh_clinic, made)

    with clinic_scope(fresh_clinic.route), pytest.raises(ClinicClosed):
        Patient.objects.count()


def test_without_a_restore_point_undo_is_refused(
    fresh_clinic: FreshClinic, configured: Store
) -> None:
    with pytest.raises(NoRestorePoint):
        restore_undo(route=fresh_clinic.route)


def test_increments_are_applied_up_to_the_moment_asked_for(
    fresh_clinic: FreshClinic, configured: Store
) -> None:
    route = fresh_clinic.route
    full = backed_up(configured, route)
    with clinic_scope(route):
        Patient.objects.create(**somebody(1))
    first = backed_up(configured, route, full)
    with clinic_scope(route):
        Patient.objects.create(**somebody(2))
    backed_up(configured, route, first)
    moment = first.manifest.created_at
    chain = chain_to(Installation(), route.clinic_id, "latest", moment)
    with acting_as_job("restore"):
        done = clinic_restore(Installation(), route=route, chain=chain, until=moment)

    assert (done.reached, done.by_commit) == (moment, True)

    with clinic_scope(route):
        assert {patient.name for patient in Patient.objects.all()} == {
            "Paciente Modelo",
            "Paciente 1",
        }
        assert drifted() == []


def test_during_a_restore_reads_go_on_and_writes_are_answered_503(
    fresh_clinic: FreshClinic, api: Api
) -> None:
    route, owner = fresh_clinic.route, fresh_clinic.people.owner
    client = api(owner)

    with owner_connection(route.shard) as connection:
        fence(connection, route.schema)

        assert client.get("/api/v1/patients").status_code == 200

        refused = client.post("/api/v1/patients", somebody(1), format="json")
        assert (refused.status_code, refused.json()["code"]) == (503, "clinic_being_restored")
        assert int(refused["Retry-After"]) > 0
        with clinic_scope(route), pytest.raises(ClinicBeingRestored):
            Patient.objects.create(**somebody(1))

        lift(connection, route.schema)

    with clinic_scope(route):
        Patient.objects.create(**somebody(1))


def test_a_right_that_was_never_granted_is_not_taken_for_a_restore(
    fresh_clinic: FreshClinic,
) -> None:
    with clinic_scope(fresh_clinic.route), pytest.raises(Exception, match="permission denied"):
        with connections["shard_1"].cursor() as cursor:
            cursor.execute("DELETE FROM audit_event")
