"""`restore`, `undo_restore` and `drill` as an operator types them."""

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from backups.format.manifests import Signed
from backups.models import Run
from backups.stores import Store
from devstack.stack import Stack
from patients.models import Patient
from tenants.context import clinic_scope, platform_scope
from tenants.models import Clinic
from tenants.schemas import drop_schema
from tests.backups.dumps import dumped
from tests.backups.rebuilding import backed_up, somebody
from tests.people import FreshClinic


@pytest.fixture
def made(fresh_clinic: FreshClinic, configured: Store) -> Signed:
    return backed_up(configured, fresh_clinic.route)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    call_command(*arguments, "--json")
    return json.loads(capsys.readouterr().out)


def names(clinic: FreshClinic | Clinic) -> set[str]:
    with clinic_scope(clinic.route):
        return {patient.name for patient in Patient.objects.all()}


def test_a_dry_run_says_what_would_change_and_changes_nothing(
    fresh_clinic: FreshClinic, made: Signed, capsys: pytest.CaptureFixture[str]
) -> None:
    with clinic_scope(fresh_clinic.route):
        Patient.objects.update(name="Outro Nome")
        Patient.objects.create(**somebody(1))

    found = said(capsys, "restore", "latest", "--clinic", fresh_clinic.route.schema, "--dry-run")

    assert found["would_change"] == [
        {"table": "patients_patient", "missing": 0, "added": 1, "changed": 1}
    ]
    assert names(fresh_clinic) == {"Outro Nome", "Paciente 1"}


def test_one_patient_comes_back_as_an_ordinary_change(
    fresh_clinic: FreshClinic, made: Signed, capsys: pytest.CaptureFixture[str]
) -> None:
    record, schema = fresh_clinic.people.record, fresh_clinic.route.schema
    with clinic_scope(fresh_clinic.route):
        Patient.objects.update(name="Outro Nome")
        Patient.objects.create(**somebody(1))

    only = ("--only", "patients", "--where", f"id={record.id}", "--noinput")

    assert said(capsys, "restore", "latest", "--clinic", schema, *only)["rows"] == 1
    assert names(fresh_clinic) == {"Paciente Modelo", "Paciente 1"}

    with clinic_scope(fresh_clinic.route):
        last = Patient.history.filter(id=record.id).latest("history_id")

        assert (last.history_type, last.actor_label) == ("~", "job:restore")
        assert last.history_change_reason.startswith("restore of ")

    nobody = ("--only", "patients_patient", "--where", "name=Ninguém", "--noinput")

    with pytest.raises(CommandError, match="has no such rows"):
        call_command("restore", "latest", "--clinic", schema, *nobody)


def test_a_restore_and_its_undoing(
    fresh_clinic: FreshClinic,
    made: Signed,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    schema = fresh_clinic.route.schema
    with clinic_scope(fresh_clinic.route):
        Patient.objects.create(**somebody(1))
    monkeypatch.setattr("builtins.input", lambda: "sul")

    with pytest.raises(CommandError, match="Nothing was done"):
        call_command("restore", "latest", "--clinic", schema)

    monkeypatch.setattr("builtins.input", lambda: schema)
    call_command("restore", str(made.manifest.backup_id), "--clinic", schema)

    assert names(fresh_clinic) == {"Paciente Modelo"}
    assert said(capsys, "undo_restore", schema)["restore_point"].startswith("before_")
    assert names(fresh_clinic) == {"Paciente Modelo", "Paciente 1"}

    with platform_scope():
        run = Run.objects.get(clinic=fresh_clinic.route.clinic_id, kind=Run.Kind.RESTORE)

    assert (run.state, run.backup_id) == (Run.State.DONE, made.manifest.backup_id)


def test_a_copy_on_another_shard_and_a_second_of_the_same_name_is_refused(
    fresh_clinic: FreshClinic, made: Signed, capsys: pytest.CaptureFixture[str], stack: Stack
) -> None:
    schema = fresh_clinic.route.schema
    copy = f"{schema}_copia"
    wish = ("restore", "latest", "--clinic", schema, "--as", copy, "--noinput")

    try:
        answer = said(capsys, *wish, "--shard", "shard_2", "--domain", "copia.localhost")

        assert (answer["clinic"], answer["shard"]) == (copy, "shard_2")

        with platform_scope():
            clinic = Clinic.objects.get(schema_name=copy)

        assert clinic.id != fresh_clinic.route.clinic_id
        assert names(clinic) == names(fresh_clinic) == {"Paciente Modelo"}

        with clinic_scope(clinic.route):
            Patient.objects.create(**somebody(1))

        with pytest.raises(CommandError, match="exists already"):
            call_command(*wish, "--domain", "copia2.localhost")
    finally:
        drop_schema("shard_2", copy)
        with platform_scope():
            Clinic.objects.filter(schema_name=copy).delete()


def test_an_empty_installation_gets_the_clinic_back_with_its_id(
    fresh_clinic: FreshClinic, made: Signed, capsys: pytest.CaptureFixture[str], stack: Stack
) -> None:
    route = fresh_clinic.route
    before = dumped(stack, route.schema)
    drop_schema(route.shard, route.schema)
    with platform_scope():
        Clinic.objects.filter(id=route.clinic_id).delete()

    for named in ((), (route.schema,)):  # the store knows it, though the directory doesn't
        call_command("backups", *named)
        assert f"{route.schema} {made.manifest.backup_id} full" in capsys.readouterr().out

    said(capsys, "restore", "latest", "--clinic", route.schema, "--noinput")
    with platform_scope():
        assert Clinic.objects.get(schema_name=route.schema).id == route.clinic_id
    after = dumped(stack, route.schema)

    assert [line for line in after.splitlines() if "restored" in line]
    assert set(before.splitlines()) - set(after.splitlines()) == set()


def test_a_lost_schema_comes_back_on_another_shard_in_a_new_epoch(
    fresh_clinic: FreshClinic, made: Signed, capsys: pytest.CaptureFixture[str]
) -> None:
    route = fresh_clinic.route
    wish = ("restore", "latest", "--clinic", route.schema, "--shard", "shard_2", "--noinput")

    with pytest.raises(CommandError, match="there already"):
        call_command(*wish)

    drop_schema(route.shard, route.schema)

    try:
        said(capsys, *wish)
        with platform_scope():
            clinic = Clinic.objects.get(id=route.clinic_id)

        assert (clinic.shard_id, clinic.epoch) == ("shard_2", route.epoch + 1)
        assert names(clinic) == {"Paciente Modelo"}
    finally:
        drop_schema("shard_2", route.schema)


def test_a_drill_is_recorded_as_the_proof(
    fresh_clinic: FreshClinic, made: Signed, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = said(capsys, "drill", fresh_clinic.route.schema)
    assert answer["backup"] == str(made.manifest.backup_id)
    with platform_scope():
        run = Run.objects.get(clinic=fresh_clinic.route.clinic_id, kind=Run.Kind.DRILL)
    assert (run.state, str(run.backup_id)) == (Run.State.DONE, answer["backup"])


def test_a_deep_verification_is_a_drill_of_that_backup(
    fresh_clinic: FreshClinic, made: Signed, capsys: pytest.CaptureFixture[str]
) -> None:
    backup, schema = str(made.manifest.backup_id), fresh_clinic.route.schema
    assert said(capsys, "verify_backup", backup, "--clinic", schema, "--deep")["restored"] is True
    with platform_scope():
        run = Run.objects.get(clinic=fresh_clinic.route.clinic_id, kind=Run.Kind.DRILL)
    assert str(run.backup_id) == backup
