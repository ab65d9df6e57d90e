"""Files of a patient's record. The bytes are in the object storage, under the clinic's prefix."""

from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import ADMIN_ROLES, Role, User
from audit.capture.history import TrackedHistory
from core.constraints import RuledModel
from patients.choices import DocumentKind, ScanStatus
from patients.constraints.documents import NAME_LENGTH, document_constraints
from patients.models.patients import Patient
from tenants.clinic_model import ClinicModel, ClinicQuerySet
from tenants.context import current_clinic


class DocumentQuerySet(ClinicQuerySet["Document"]):
    """How documents are read."""

    def alive(self) -> Self:
        """Documents that weren't deleted."""
        return self.filter(deleted_at=None)

    def visible_to(self, user: User) -> Self:
        """Documents that the person may see. Patients see those shared with them, once clean."""
        found = self.filter(patient__in=Patient.objects.alive().visible_to(user))
        if user.role == Role.PATIENT:
            return found.filter(shared_with_patient=True, status=ScanStatus.CLEAN)
        return found if user.role in ADMIN_ROLES | {Role.THERAPIST} else self.none()

    def waiting(self) -> Self:
        """Documents that weren't scanned yet, the oldest first."""
        return self.alive().filter(status=ScanStatus.QUARANTINED).order_by("created_at")


class Document(RuledModel, ClinicModel):
    """A file about a patient, and what is known of it."""

    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="documents"
    )
    kind = models.CharField(_("kind"), max_length=12, choices=DocumentKind.choices)
    name = models.CharField(_("file name"), max_length=NAME_LENGTH)
    content_type = models.CharField(_("content type"), max_length=20)
    size = models.PositiveBigIntegerField(_("size"), help_text=_("In bytes."))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    status = models.CharField(
        _("status"), max_length=11, choices=ScanStatus.choices, default=ScanStatus.QUARANTINED
    )
    scanned_at = models.DateTimeField(_("scanned at"), null=True, blank=True)
    scan_report = models.CharField(_("scanner's report"), max_length=200, blank=True)
    shared_with_patient = models.BooleanField(_("shared with the patient"), default=False)
    uploaded_by = models.ForeignKey(
        User, verbose_name=_("uploaded by"), on_delete=models.PROTECT, related_name="documents"
    )
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True, editable=False)

    objects: ClassVar = DocumentQuerySet.as_manager()
    history = TrackedHistory()

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        indexes: ClassVar = [
            models.Index(fields=["created_at", "id"], name="patients_document_by_created"),
        ]
        constraints = document_constraints()

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> str:
        """Where the bytes are in the storage.

        It follows from the current clinic and isn't a column, so that no row, copied or restored,
        leads into another clinic's files.
        """
        return f"{current_clinic().clinic_id}/documents/{self.pk}"
