"""What a patient agreed to besides their care, in which words, and until when."""

from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.capture.history import TrackedHistory
from core.constraints import RuledModel
from patients.choices import Channel, Purpose
from patients.constraints.consents import (
    BODY_LENGTH,
    RULES,
    VERSION,
    consent_constraints,
    consent_text_constraints,
)
from patients.models.patients import Patient
from patients.validators import validate_text
from tenants.clinic_model import ClinicModel, ClinicQuerySet


class ConsentText(RuledModel, ClinicModel):
    """One version of the words that patients agree to. It never changes."""

    purpose = models.CharField(_("purpose"), max_length=16, choices=Purpose.choices)
    version = models.CharField(
        _("version"), max_length=20, validators=[RegexValidator(VERSION, code="invalid")]
    )
    body = models.TextField(
        _("text"),
        max_length=BODY_LENGTH,
        validators=[MaxLengthValidator(BODY_LENGTH), validate_text],
    )

    objects: ClassVar = ClinicQuerySet.as_manager()
    history = TrackedHistory()

    class Meta:
        verbose_name = _("consent text")
        verbose_name_plural = _("consent texts")
        constraints = consent_text_constraints()

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.version}"


class ConsentQuerySet(ClinicQuerySet["Consent"]):
    """How consents are read."""

    def visible_to(self, user: User) -> Self:
        """Consents of the patients whom the person may see."""
        return self.filter(patient__in=Patient.objects.alive().visible_to(user))

    def in_force(self) -> Self:
        """Consents that weren't withdrawn."""
        return self.filter(withdrawn_at=None)

    def withdrawn(self) -> Self:
        """Consents that were withdrawn."""
        return self.filter(~Q(withdrawn_at=None))


class Consent(RuledModel, ClinicModel):
    """A patient's agreement to one purpose, in the words of one text."""

    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="consents"
    )
    text = models.ForeignKey(
        ConsentText, verbose_name=_("text"), on_delete=models.PROTECT, related_name="consents"
    )
    purpose = models.CharField(  # copied from the text, for the constraint of one open consent
        _("purpose"), max_length=16, choices=Purpose.choices, editable=False
    )
    channel = models.CharField(_("channel"), max_length=9, choices=Channel.choices)
    given_at = models.DateTimeField(_("given at"), default=timezone.now)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True, editable=False)

    objects: ClassVar = ConsentQuerySet.as_manager()
    history = TrackedHistory()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        indexes: ClassVar = [
            models.Index(fields=["created_at", "id"], name="patients_consent_by_created"),
        ]
        constraints = consent_constraints()

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.given_at:%Y-%m-%d}"

    def clean_fields(self, exclude: Any = None) -> None:
        """Copy the purpose from the text, and check that the consent isn't in the future."""
        if self.text_id is not None:
            self.purpose = self.text.purpose
        super().clean_fields(exclude=exclude)
        if "given_at" not in (exclude or ()) and self.given_at > timezone.now():
            rule = RULES["patients_consent_given_in_time"]
            raise ValidationError({rule.field: ValidationError(str(rule.message), code=rule.code)})
