"""Which models each admin shows, and its first page: the only place that registers them."""

from typing import Any, TypeAlias

from django.contrib.admin import AdminSite, ModelAdmin
from django.db.models import Model
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
)

from accounts.admin import PersonAdmin, StaffAdmin
from accounts.admin_sites import clinic_site, platform_site
from accounts.models import User
from audit.models import Event
from audit.trail.admin import TrailAdmin
from backups.admin import ClinicBackupsAdmin, RunAdmin
from backups.models import ClinicBackups, Run
from exercises.admin import ExerciseAdmin, ExerciseLogAdmin, PrescriptionAdmin
from exercises.models import Exercise, ExerciseLog, Prescription
from fisioflow.new_clinic import PlatformClinicAdmin
from fisioflow.schedule_admin import PeriodicTaskAdmin, ScheduleAdmin
from patients.admin import ConsentAdmin, ConsentTextAdmin, DocumentAdmin, NoteAdmin, PatientAdmin
from patients.models import ClinicalNote, Consent, ConsentText, Document, Patient
from scheduling.admin import (
    AppointmentAdmin,
    ClosureAdmin,
    HoursExceptionAdmin,
    RoomAdmin,
    WorkingHoursAdmin,
)
from scheduling.models import Appointment, Closure, HoursException, Room, WorkingHours
from tenants.admin import DomainAdmin, ShardAdmin
from tenants.models import Clinic, Domain, Shard

_Pages: TypeAlias = "dict[type[Model], type[ModelAdmin[Any]]]"

IN_A_CLINIC: _Pages = {
    Patient: PatientAdmin,
    ClinicalNote: NoteAdmin,
    ConsentText: ConsentTextAdmin,
    Consent: ConsentAdmin,
    Document: DocumentAdmin,
    Exercise: ExerciseAdmin,
    Prescription: PrescriptionAdmin,
    ExerciseLog: ExerciseLogAdmin,
    Appointment: AppointmentAdmin,
    Room: RoomAdmin,
    WorkingHours: WorkingHoursAdmin,
    HoursException: HoursExceptionAdmin,
    Closure: ClosureAdmin,
    User: PersonAdmin,
    Event: TrailAdmin,
}
ON_THE_PLATFORM: _Pages = {
    Clinic: PlatformClinicAdmin,
    Domain: DomainAdmin,
    Shard: ShardAdmin,
    User: StaffAdmin,
    ClinicBackups: ClinicBackupsAdmin,
    Run: RunAdmin,
    PeriodicTask: PeriodicTaskAdmin,
    IntervalSchedule: ScheduleAdmin,
    CrontabSchedule: ScheduleAdmin,
    ClockedSchedule: ScheduleAdmin,
}


def _register(site: AdminSite, pages: _Pages) -> None:
    for model, page in pages.items():
        site.register(model, page)


clinic_site.index_template = "scheduling/day.html"
_register(clinic_site, IN_A_CLINIC)
_register(platform_site, ON_THE_PLATFORM)
