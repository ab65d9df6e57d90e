"""Rules of documents that the database holds: a file never changes, an infected one stays so.

The last three are triggers, written in a migration.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from core.constraints import Rule
from patients.choices import DocumentKind, ScanStatus
from patients.file_types import CONTENT_TYPES

NAME_LENGTH = 150  # characters
# No path, no control character, nothing that turns the reading direction.
NAME = r"^[^/\\\u0001-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+$"

RULES = {
    "patients_document_kind_known": Rule(
        "kind", "invalid_choice", _("There is no such kind of document.")
    ),
    "patients_document_name_form": Rule("name", "invalid", _("This is not a file name.")),
    "patients_document_content_type_known": Rule(
        "file", "unsupported_type", _("Send a PDF, PNG, JPEG or DICOM file.")
    ),
    "patients_document_size_positive": Rule("file", "empty", _("The submitted file is empty.")),
    "patients_document_sha256_form": Rule("file", "invalid", _("This is not a SHA-256 digest.")),
    "patients_document_status_known": Rule(
        "status", "invalid_choice", _("There is no such status.")
    ),
    "patients_document_scanned_with_report": Rule(
        "status", "invalid", _("A scanned document says when and by what.")
    ),
    "patients_document_unchanged": Rule(
        "", "unchangeable", _("A file can't be changed: send another document."), 409
    ),
    "patients_document_infected_stays": Rule(
        "status", "unchangeable", _("An infected document stays so."), 409
    ),
    "patients_document_kept": Rule("", "kept", _("A document's entry is kept for good."), 409),
}


def document_constraints() -> list[models.BaseConstraint]:
    """The constraints of `patients_document`."""
    waiting = Q(status=ScanStatus.QUARANTINED, scanned_at=None, scan_report="")
    scanned = ~Q(status=ScanStatus.QUARANTINED) & Q(scanned_at__isnull=False) & ~Q(scan_report="")

    checks = {
        "patients_document_kind_known": Q(kind__in=DocumentKind.values),
        "patients_document_name_form": Q(name__regex=NAME)
        & Q(models.lookups.LessThanOrEqual(Length("name"), NAME_LENGTH)),
        "patients_document_content_type_known": Q(content_type__in=sorted(CONTENT_TYPES)),
        "patients_document_size_positive": Q(size__gt=0),
        "patients_document_sha256_form": Q(sha256__regex=r"^[0-9a-f]{64}$"),
        "patients_document_status_known": Q(status__in=ScanStatus.values),
        "patients_document_scanned_with_report": waiting | scanned,
    }

    return [models.CheckConstraint(condition=rule, name=name) for name, rule in checks.items()]
