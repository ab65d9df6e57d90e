"""Background work on documents."""

from datetime import timedelta

import structlog
from celery import shared_task
from django.utils import timezone

from patients.errors import ScannerUnavailable
from patients.models import Document
from patients.services import document_scan
from tenants.tasks import ClinicTask, for_each_clinic

_GRACE = timedelta(minutes=5)  # time for the task that the upload itself enqueued
_log = structlog.get_logger("patients.tasks")


@shared_task(base=ClinicTask)
def scan_document(clinic_id: str, document_id: str) -> None:  # noqa: ARG001  ClinicTask enters it
    """Scan a new document. If the scanner is unavailable, it waits for `scan_waiting`."""
    document = Document.objects.get(pk=document_id)
    try:
        document_scan(acting_user=None, document=document)
    except ScannerUnavailable:
        _log.warning("scanner_unavailable", document=document_id)


@shared_task
def scan_waiting_of_every_clinic() -> int:
    """Enqueue `scan_waiting` for each clinic."""
    return for_each_clinic(scan_waiting)


@shared_task(base=ClinicTask)
def scan_waiting(clinic_id: str) -> int:  # noqa: ARG001  ClinicTask enters it
    """Scan the documents still in quarantine; returns how many were scanned."""
    waiting = Document.objects.waiting().filter(created_at__lt=timezone.now() - _GRACE)
    judged = 0

    for document in waiting.iterator():
        try:
            document_scan(acting_user=None, document=document)
        except ScannerUnavailable:
            _log.warning("scanner_unavailable", waiting=waiting.count())
            break
        judged += 1

    return judged
