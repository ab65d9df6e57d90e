"""Periodic work: every clinic is sealed once an hour, each at its own time."""

from celery import shared_task
from django.utils import timezone

from audit.seals.sealing import seal_create
from tenants.context import DIRECTORY, current_clinic, platform_scope
from tenants.tasks import ClinicTask, for_each_clinic

SLOTS = 12  # of five minutes, in an hour


@shared_task
def seal_clinics_of_this_slot() -> int:
    """Enqueue the sealing of the clinics whose turn it is; returns how many.

    A clinic keeps its slot. Nothing is lost if a slot is missed: it comes again in an hour, and the
    next seal covers what the missed one would have.
    """
    slot = timezone.now().minute * SLOTS // 60
    if slot == 0:
        seal_platform.delay()

    return for_each_clinic(seal_clinic, only=lambda clinic_id: clinic_id.int % SLOTS == slot)


@shared_task(base=ClinicTask)
def seal_clinic(clinic_id: str) -> int:  # noqa: ARG001  ClinicTask enters it
    """Seal what is new in the clinic; returns how many rows."""
    made = seal_create(alias=current_clinic().shard)
    return made.rows if made else 0


@shared_task
def seal_platform() -> int:
    """Seal what is new in the directory, which has the platform's staff; returns how many rows."""
    with platform_scope():
        made = seal_create(alias=DIRECTORY)
    return made.rows if made else 0
