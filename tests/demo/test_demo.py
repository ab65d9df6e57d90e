"""The demo: the same people and the same month for everybody who tries FisioFlow."""

from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Role, User
from demo import agenda, clinics, exercises
from demo.clinics import SIGN_INS, STAFF_EMAIL, DemoClinic
from exercises.models import Exercise, ExerciseLog, Prescription
from patients.models import ClinicalNote, Consent, Patient
from scheduling.models import Appointment
from tenants.context import ClinicRoute, clinic_scope, platform_scope
from tenants.directory import route_by_schema
from tenants.fleet import server_cursor
from tenants.models import Clinic
from tenants.schemas import schema_exists
from tests.people import Api, Everybody

LESTE = DemoClinic("leste", "Clínica Leste", "shard_1")
OESTE = DemoClinic("oeste", "Clínica Oeste", "shard_2")
COMMAND = "demo.management.commands.load_demo"


@pytest.fixture(autouse=True)
def small_demo_beside_norte_and_sul(monkeypatch: pytest.MonkeyPatch, people: Everybody) -> None:
    """The demo's own names are taken by the clinics of the other tests."""
    monkeypatch.setattr(f"{COMMAND}.CLINICS", (LESTE, OESTE))
    monkeypatch.setattr(clinics, "_PATIENTS", 60)
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)


def schemas_of(shard: str) -> set[str]:
    with server_cursor(shard) as cursor:
        return {name for name in ("leste", "oeste") if schema_exists(cursor, name)}


def test_everybody_can_sign_in_and_finds_a_month_of_work(api: Api) -> None:
    call_command("load_demo", force=True)

    for demo in (LESTE, OESTE):
        visitor = api(None, host=demo.host)
        for local_part in SIGN_INS:
            body = {"email": demo.email(local_part), "password": "fisioflow-demo"}
            assert visitor.post("/api/v1/auth/token", body).status_code == 200, local_part

        with clinic_scope(route_by_schema(demo.schema)):
            has_its_people()
            has_a_busy_agenda(patients_email=demo.email("patient"))
            has_exercises_and_prescriptions()
            has_a_record(patients_email=demo.email("patient"))

    with platform_scope():
        staff = User.objects.get(email=STAFF_EMAIL)
        assert staff.role == Role.PLATFORM
        assert staff.check_password("fisioflow-demo")


def has_its_people() -> None:
    assert {user.role for user in User.objects.all()} == set(Role) - {Role.PLATFORM}
    assert User.objects.filter(role=Role.THERAPIST).count() == 5

    assert Patient.objects.count() == 60
    for patient in Patient.objects.all():
        patient.full_clean()


def has_a_busy_agenda(patients_email: str) -> None:
    states = set(Appointment.objects.values_list("status", flat=True))
    assert states >= {"scheduled", "completed", "cancelled"}

    own = Appointment.objects.filter(patient__user__email=patients_email)
    assert own.filter(start_time__gt=timezone.now()).exists()
    assert own.filter(start_time__lt=timezone.now()).exists()


def has_exercises_and_prescriptions() -> None:
    assert Exercise.objects.filter(library_code__gt="").count() == 60
    assert Prescription.objects.values("patient").distinct().count() > 5

    pains = list(ExerciseLog.objects.order_by("done_at").values_list("pain", flat=True))
    assert pains[0] - pains[-1] >= 3


def has_a_record(patients_email: str) -> None:
    notes = ClinicalNote.objects.filter(patient__user__email=patients_email)
    assert {note.status for note in notes} == {"signed"}
    assert notes.filter(amends__isnull=False).count() == 1

    assert Consent.objects.in_force().get().purpose == "messaging"


def test_loading_twice_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def facts() -> list[Any]:
        with platform_scope():
            known = list(Clinic.objects.values_list("schema_name", "updated_at", "epoch"))
            known += User.objects.values_list("email", "password", "updated_at")
        with clinic_scope(route_by_schema("leste")):
            known += User.objects.order_by("email").values_list("email", "password", "updated_at")
            known += Patient.objects.order_by("id").values_list("id", "updated_at")
            return known + list(Appointment.objects.order_by("id").values_list("id", "updated_at"))

    call_command("load_demo", force=True)
    before = facts()

    monkeypatch.setenv("DEMO_PASSWORD", "another-one")
    capsys.readouterr()
    call_command("load_demo")  # nothing is missing: the other clinics are no reason to refuse

    assert capsys.readouterr().out == "leste: is there already\noeste: is there already\n"
    assert facts() == before


def test_known_passwords_stay_out_of_a_place_with_real_clinics() -> None:
    with pytest.raises(CommandError, match="--force"):
        call_command("load_demo")
    assert schemas_of("shard_1") == schemas_of("shard_2") == set()
    with platform_scope():
        assert not User.objects.filter(email=STAFF_EMAIL).exists()


def test_known_passwords_stay_out_of_a_place_with_real_staff(in_platform: None) -> None:
    Clinic.objects.all().delete()
    User.objects.create_superuser("ops@fisioflow.example", full_name="Operações")
    with pytest.raises(CommandError, match="--force"):
        call_command("load_demo")
    assert Clinic.objects.count() == 0


def test_another_clinic_with_a_demo_clinics_name_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], in_norte: ClinicRoute
) -> None:
    norte = DemoClinic("norte", "Clínica Norte", "shard_1")
    monkeypatch.setattr(f"{COMMAND}.CLINICS", (norte, OESTE))
    User.objects.filter(role=Role.OWNER).update(email="dona@clinica.example")
    call_command("load_demo", force=True)

    assert "norte: exists and isn't the demo's: left as it is" in capsys.readouterr().out
    assert User.objects.count() == len(Role) - 1
    assert schemas_of("shard_2") == {"oeste"}


def test_a_closed_clinic_is_left_closed(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_demo", force=True)
    call_command("close_clinic", "leste")
    call_command("load_demo")
    assert "leste: is closed: left as it is" in capsys.readouterr().out


def test_a_failure_leaves_nothing_of_the_clinic(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: Any) -> None:
        raise clinics.DemoRefused("The agenda is on strike.")

    monkeypatch.setattr(clinics, "appointment_book", fail)
    with pytest.raises(CommandError, match="strike"):
        call_command("load_demo", force=True)

    assert schemas_of("shard_1") == schemas_of("shard_2") == set()
    with platform_scope():
        assert not Clinic.objects.filter(schema_name="leste").exists()


def test_the_sign_ins_are_printed_with_the_port_and_the_password_in_force(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "8123")
    monkeypatch.setenv("DEMO_PASSWORD", "only-for-friends")
    call_command("load_demo", force=True)
    capsys.readouterr()

    call_command("load_demo", print_sign_ins=True)
    shown = capsys.readouterr().out

    for part in ("http://leste.localhost:8123/admin/", "owner@leste.example", STAFF_EMAIL):
        assert part in shown
    (auditor,) = (line for line in shown.splitlines() if "auditor@leste.example" in line)
    assert "http://leste.localhost:8123/admin/" in auditor, "the auditor reads the trail there"
    assert "only-for-friends" in shown

    monkeypatch.setenv("DEMO_PASSWORD", "changed-later")
    call_command("load_demo", print_sign_ins=True)

    assert "changed-later" not in capsys.readouterr().out


NOW = datetime(2026, 3, 4, 10, 20, tzinfo=ZoneInfo("America/Sao_Paulo"))


def planned() -> list[agenda.Visit]:
    """A month for five therapists and 200 patients."""
    caseloads = [range(first, 200, 5) for first in range(5)]
    return list(agenda.plan(Random("norte"), caseloads, NOW))  # noqa: S311


@pytest.mark.without_database
def test_the_plan_is_the_same_for_the_same_day() -> None:
    visits = planned()

    assert visits == planned()
    assert len(visits) > 300


@pytest.mark.without_database
def test_nobody_is_planned_in_two_places() -> None:
    visits = planned()

    for whose in ("therapist", "patient"):
        taken = {(getattr(visit, whose), visit.start) for visit in visits}
        assert len(taken) == len(visits), whose


@pytest.mark.without_database
def test_the_plan_keeps_to_hours_of_work_and_to_the_clock() -> None:
    visits = planned()

    assert {visit.start.weekday() for visit in visits} == {0, 1, 2, 3, 4}
    assert {visit.start.hour for visit in visits} == {8, 9, 10, 11, 13, 14, 15, 16, 17}
    assert max(visit.start for visit in visits) - NOW < timedelta(days=17)

    for visit in visits:
        over = visit.start + agenda.SESSION <= NOW
        expected = {"completed"} if over else {"scheduled", "in_progress"}
        assert visit.status in expected | {"cancelled"}


@pytest.mark.without_database
def test_the_demo_patients_pain_goes_down_in_three_weeks() -> None:
    for seed in ("norte", "sul"):
        days = list(exercises.plan(Random(seed), NOW))  # noqa: S311

        assert days == list(exercises.plan(Random(seed), NOW))  # noqa: S311
        assert 10 < len(days) <= exercises.DAYS_BACK
        assert all(day.start < NOW and 0 <= day.pain <= 10 for day in days)
        assert days[0].pain - days[-1].pain >= 3
