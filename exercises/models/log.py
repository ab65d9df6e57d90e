"""What patients did of their prescriptions."""

from datetime import date, datetime, time, timedelta
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.capture.history import TrackedHistory
from core.constraints import RuledModel
from exercises import constraints
from exercises.adherence import Done
from exercises.models.fields import count_field, refuse, text_field
from exercises.models.prescription import Prescription, PrescriptionItem
from patients.models import Patient
from tenants.clinic_model import ClinicModel, ClinicQuerySet


class ExerciseLogQuerySet(ClinicQuerySet["ExerciseLog"]):
    """Reads of logs."""

    def visible_to(self, user: User) -> Self:
        """The logs of the prescriptions that the person may see."""
        return self.filter(item__prescription__in=Prescription.objects.visible_to(user))

    def of(self, patient: Patient) -> Self:
        """The patient's logs, of any prescription."""
        return self.filter(item__prescription__patient=patient)

    def between(self, first: date, last: date) -> Self:
        """Done from `first` to `last`, days of the clinic, both included."""
        zone = timezone.get_current_timezone()
        start = datetime.combine(first, time.min, zone)
        end = datetime.combine(last + timedelta(days=1), time.min, zone)
        return self.filter(done_at__gte=start, done_at__lt=end)

    def facts(self) -> list[Done]:
        """The logs as `Done`, for `adherence`."""
        return [Done(*row) for row in self.values_list("done_at", "pain", "effort")]


class ExerciseLog(RuledModel, ClinicModel):
    """What a patient did of an item. Append-only: triggers refuse to change or delete a row.

    The patient's phone makes the key, so that sending twice doesn't log twice.
    """

    item = models.ForeignKey(PrescriptionItem, models.PROTECT, related_name="logs")
    done_at = models.DateTimeField(_("done at"))
    sets = count_field(_("sets"), constraints.DONE_SETS)
    repetitions = count_field(_("repetitions"), constraints.DONE_REPETITIONS)
    pain = count_field(_("pain"), constraints.SCALE)
    effort = count_field(_("effort"), constraints.SCALE)
    comment = text_field(_("comment"), constraints.COMMENT_LENGTH, blank=True)

    objects: ClassVar = ExerciseLogQuerySet.as_manager()
    history = TrackedHistory(chart="item")

    class Meta:
        verbose_name = _("exercise log")
        verbose_name_plural = _("exercise logs")
        indexes: ClassVar = [
            models.Index(fields=["done_at", "id"], name="exercises_exerciselog_by_time"),
            models.Index(fields=["created_at", "id"], name="exercises_exerciselog_by_made"),
        ]
        constraints = constraints.log_constraints()

    def __str__(self) -> str:
        return f"{self.done_at:%Y-%m-%d %H:%M %Z}"

    def clean(self) -> None:
        """Check that the time is neither in the future nor before the prescription's first day."""
        super().clean()
        if self.done_at is None:
            return
        if self.done_at > timezone.now() + constraints.CLOCK_SKEW:
            refuse("exercises_exerciselog_not_future")

        start = self.item.prescription.start_date
        if self.done_at < datetime.combine(start, time.min, timezone.get_current_timezone()):
            refuse("exercises_exerciselog_after_start")
