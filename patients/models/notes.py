"""The clinical record. Its content and signatures follow COFFITO Resolution 414/2012."""

from typing import Any, ClassVar, Self

from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import ADMIN_ROLES, Role, User
from audit.capture.history import TrackedHistory
from core.constraints import RuledModel
from patients.choices import NoteKind, NoteStatus
from patients.constraints.notes import SECTION_LENGTH, SECTIONS, note_constraints
from patients.models.patients import Patient
from patients.validators import validate_text
from tenants.clinic_model import ClinicModel, ClinicQuerySet

_STATUS = {
    NoteStatus.DRAFT: Q(signed_at=None),
    NoteStatus.AWAITING_SUPERVISOR: Q(
        signed_at__isnull=False, supervisor__isnull=False, cosigned_at=None
    ),
    NoteStatus.SIGNED: Q(signed_at__isnull=False)
    & (Q(supervisor=None) | Q(cosigned_at__isnull=False)),
}


class NoteQuerySet(ClinicQuerySet["ClinicalNote"]):
    """How notes are read."""

    def in_status(self, status: str) -> Self:
        """Notes with this status."""
        return self.filter(_STATUS[NoteStatus(status)])

    def drafts(self) -> Self:
        """Notes that may still be changed."""
        return self.in_status(NoteStatus.DRAFT).filter(deleted_at=None)

    def visible_to(self, user: User) -> Self:
        """Notes that the person may read. Only its author reads a draft.

        A therapist reads the signed notes of their own patients, those that they wrote, and those
        of the interns whom they supervise. Reception and patients read none.
        """
        own = Q(author=user)
        signed = Q(signed_at__isnull=False)

        if user.role == Role.THERAPIST:
            signed &= (
                Q(patient__in=Patient.objects.visible_to(user))
                | Q(supervisor=user)
                | Q(author__supervisor=user)
            )
        elif user.role not in ADMIN_ROLES:
            return self.none()

        return self.filter(own | signed, deleted_at=None, patient__deleted_at=None)


def _section(name: Any) -> Any:
    return models.TextField(
        name,
        max_length=SECTION_LENGTH,
        blank=True,
        validators=[MaxLengthValidator(SECTION_LENGTH), validate_text],
    )


class ClinicalNote(RuledModel, ClinicModel):
    """An evaluation or an evolution, in SOAP form. Once signed, it never changes."""

    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="notes"
    )
    kind = models.CharField(_("kind"), max_length=10, choices=NoteKind.choices)
    subjective = _section(_("subjective"))
    objective = _section(_("objective"))
    assessment = _section(_("assessment"))
    plan = _section(_("plan"))
    amends = models.ForeignKey(
        "self",
        verbose_name=_("amends"),
        on_delete=models.PROTECT,
        related_name="amendments",
        null=True,
        blank=True,
        editable=False,
    )
    author = models.ForeignKey(
        User, verbose_name=_("author"), on_delete=models.PROTECT, related_name="notes"
    )
    # Names and numbers as they were at signing; they don't follow later changes.
    author_name = models.CharField(_("author's name"), max_length=100, blank=True)
    author_crefito = models.CharField(_("author's CREFITO"), max_length=20, blank=True)
    signed_at = models.DateTimeField(_("signed at"), null=True, blank=True)
    supervisor = models.ForeignKey(
        User,
        verbose_name=_("supervisor"),
        on_delete=models.PROTECT,
        related_name="supervised_notes",
        null=True,
        blank=True,
    )
    supervisor_name = models.CharField(_("supervisor's name"), max_length=100, blank=True)
    supervisor_crefito = models.CharField(_("supervisor's CREFITO"), max_length=20, blank=True)
    cosigned_at = models.DateTimeField(_("signed by the supervisor at"), null=True, blank=True)
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True, editable=False)

    objects: ClassVar = NoteQuerySet.as_manager()
    history = TrackedHistory(draft_until="signed_at")

    class Meta:
        verbose_name = _("clinical note")
        verbose_name_plural = _("clinical notes")
        indexes: ClassVar = [
            models.Index(fields=["created_at", "id"], name="patients_clinicalnote_created"),
            models.Index(fields=["patient", "created_at"], name="patients_clinicalnote_patient"),
        ]
        constraints = note_constraints()

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.created_at:%Y-%m-%d}"

    @property
    def status(self) -> NoteStatus:
        """How far the note has come."""
        if self.signed_at is None:
            return NoteStatus.DRAFT
        if self.supervisor_id is not None and self.cosigned_at is None:
            return NoteStatus.AWAITING_SUPERVISOR
        return NoteStatus.SIGNED

    @property
    def is_empty(self) -> bool:
        """Whether every section is blank."""
        return not any(getattr(self, section).strip() for section in SECTIONS)
