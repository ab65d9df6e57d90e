"""Periodic work on accounts."""

from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.sessions import tokens_sweep
from tenants.tasks import ClinicTask, for_each_clinic


@shared_task
def sweep_every_clinic() -> int:
    """Enqueue the sweep of each clinic."""
    return for_each_clinic(sweep_clinic)


@shared_task(base=ClinicTask)
def sweep_clinic(clinic_id: str) -> int:  # noqa: ARG001  ClinicTask enters it
    """Delete the clinic's expired refresh tokens and sessions; returns how many."""
    sessions, _ = Session.objects.filter(expire_date__lt=timezone.now()).delete()
    return tokens_sweep() + sessions
