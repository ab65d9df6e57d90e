"""What the platform's staff see of the clinics' backups."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from backups.models import Run
from tenants.context import ClinicRoute, platform_scope
from tenants.models import Clinic

PAGE = "/admin/backups/clinicbackups/"


def row_of(staff_client: Client, clinic: Clinic) -> str:
    page = staff_client.get(PAGE, {"q": clinic.schema_name}).content.decode()
    body: str = page.partition("<tbody")[2].partition("</tbody>")[0]
    return " ".join(body.split())


def ran(clinic: Clinic, kind: Run.Kind, *, ago: timedelta) -> None:
    then = timezone.now() - ago
    with platform_scope():
        run = Run.objects.create(
            clinic=clinic, kind=kind, state=Run.State.DONE, finished_at=then, covers_until=then
        )
        Run.objects.filter(id=run.id).update(started_at=then)


def test_a_clinic_shows_its_recovery_point_its_last_full_and_its_last_proof(
    staff: Client, norte: ClinicRoute
) -> None:
    with platform_scope():
        clinic = Clinic.objects.get(id=norte.clinic_id)
        Clinic.objects.filter(id=clinic.id).update(created_at=timezone.now() - timedelta(days=9))

    assert row_of(staff, clinic).count("nunca") == 3
    assert "atrasado" in row_of(staff, clinic)

    ran(clinic, Run.Kind.FULL, ago=timedelta(hours=5))
    ran(clinic, Run.Kind.DRILL, ago=timedelta(hours=4))
    ran(clinic, Run.Kind.INCREMENT, ago=timedelta(minutes=2))
    shown = row_of(staff, clinic).replace("\xa0", " ")

    assert "nunca" not in shown
    for age in ("5 horas", "4 horas", "2 minutos"):
        assert age in shown
    assert "atrasado" not in shown
