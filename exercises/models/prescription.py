"""What therapists ask patients to do at home."""

from datetime import date
from typing import ClassVar, Self

from django.db import models
from django.db.models import Max, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import ADMIN_ROLES, Role, User
from audit.capture.history import TrackedHistory
from core.constraints import RuledModel
from exercises import constraints
from exercises.adherence import Prescribed
from exercises.models.exercise import Exercise
from exercises.models.fields import count_field, refuse, text_field
from exercises.states import PrescriptionStatus
from patients.models import Patient
from tenants.clinic_model import ClinicModel, ClinicQuerySet


class PrescriptionQuerySet(ClinicQuerySet["Prescription"]):
    """Reads of prescriptions."""

    def visible_to(self, user: User) -> Self:
        """Therapists see their patients' prescriptions; patients see their own."""
        if user.role == Role.THERAPIST:
            return self.filter(patient__in=Patient.objects.alive().visible_to(user))
        if user.role == Role.PATIENT:
            return self.filter(patient__user=user, patient__deleted_at=None)
        return self if user.role in ADMIN_ROLES else self.none()

    def complete(self) -> Self:
        """With the patient, the current items and their exercises loaded."""
        items = PrescriptionItem.objects.current().select_related("exercise")
        return self.select_related("patient").prefetch_related(
            models.Prefetch("items", items.order_by("position"))
        )

    def prescribed(self) -> list[Prescribed]:
        """The prescriptions as `Prescribed`, for `adherence`."""
        current = Q(items__removed_at=None)
        rows = self.annotate(
            frequency=Max("items__frequency_per_week", filter=current, default=0)
        ).values_list("start_date", "end_date", "closed_on", "frequency")

        return [
            Prescribed(start, _first_day_without(end, closed), frequency)
            for start, end, closed, frequency in rows
        ]


def _first_day_without(end: date | None, closed: date | None) -> date | None:
    after_end = date.fromordinal(end.toordinal() + 1) if end else None
    return min((day for day in (after_end, closed) if day), default=None)


class Prescription(RuledModel, ClinicModel):
    """One version of what a therapist asks a patient to do at home."""

    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="prescriptions"
    )
    therapist = models.ForeignKey(
        User, verbose_name=_("therapist"), on_delete=models.PROTECT, related_name="prescriptions"
    )
    # As they were on that day: people change their names.
    therapist_name = models.CharField(_("therapist's name"), max_length=100, editable=False)
    therapist_crefito = models.CharField(_("CREFITO number"), max_length=20, editable=False)
    start_date = models.DateField(_("start"))
    end_date = models.DateField(_("end"), null=True, blank=True)
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=PrescriptionStatus.choices,
        default=PrescriptionStatus.ACTIVE,
    )
    closed_on = models.DateField(
        _("ended on"), null=True, blank=True, editable=False
    )  # the first day on which it no longer applies
    notes = text_field(_("notes to the patient"), constraints.NOTES_LENGTH, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    replaces = models.ForeignKey(
        "self",
        verbose_name=_("replaces"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )

    objects: ClassVar = PrescriptionQuerySet.as_manager()
    history = TrackedHistory()

    class Meta:
        verbose_name = _("prescription")
        verbose_name_plural = _("prescriptions")
        indexes: ClassVar = [
            models.Index(fields=["created_at", "id"], name="exercises_prescription_by_made"),
            models.Index(fields=["start_date", "id"], name="exercises_prescription_by_day"),
        ]
        constraints = constraints.prescription_constraints()

    def __str__(self) -> str:
        return f"{self.start_date:%Y-%m-%d} v{self.version}"

    def clean(self) -> None:
        """Check that the days are in order and in this century."""
        super().clean()

        for name in ("start", "end"):
            day: date | None = getattr(self, f"{name}_date")
            if day is not None and not constraints.EARLIEST <= day <= constraints.LATEST:
                refuse(f"exercises_prescription_{name}_in_this_century")

        start: date | None = self.start_date
        if start is not None and self.end_date is not None and self.end_date < start:
            refuse("exercises_prescription_ends_after_start")


class PrescriptionItemQuerySet(ClinicQuerySet["PrescriptionItem"]):
    """Reads of the items of prescriptions."""

    def current(self) -> Self:
        """Items that no edit took out."""
        return self.filter(removed_at=None)

    def loggable_by(self, user: User) -> Self:
        """The patient's own items, even those taken out: an offline phone doesn't know yet."""
        mine = Q(prescription__patient__user=user, prescription__patient__deleted_at=None)
        return self.filter(mine).select_related("prescription")


class PrescriptionItem(RuledModel, ClinicModel):
    """An exercise of a prescription with its dose. An edit takes items out and adds new ones."""

    prescription = models.ForeignKey(Prescription, models.PROTECT, related_name="items")
    exercise = models.ForeignKey(
        Exercise, verbose_name=_("exercise"), on_delete=models.PROTECT, related_name="+"
    )
    position = count_field(_("position"), (1, constraints.MAX_ITEMS))
    sets = count_field(_("sets"), constraints.SETS)
    repetitions = count_field(_("repetitions"), constraints.REPETITIONS)
    hold_seconds = count_field(_("seconds to hold"), constraints.HOLD_SECONDS)
    frequency_per_week = count_field(_("days a week"), constraints.FREQUENCY)
    comment = text_field(_("comment"), constraints.COMMENT_LENGTH, blank=True)
    removed_at = models.DateTimeField(_("taken out at"), null=True, blank=True, editable=False)

    objects: ClassVar = PrescriptionItemQuerySet.as_manager()
    history = TrackedHistory(chart="prescription")

    class Meta:
        verbose_name = _("prescribed exercise")
        verbose_name_plural = _("prescribed exercises")
        constraints = constraints.item_constraints()

    def __str__(self) -> str:
        return f"{self.position}. {self.exercise}"
