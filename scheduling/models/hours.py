"""When therapists work and when the clinic is closed. All times are on the clinic's clock."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, User
from accounts.roles import RoleCheckedModel
from audit.capture.history import TrackedHistory
from patients.validators import validate_name
from scheduling.constraints.hours import (
    REASON_LENGTH,
    closure_constraints,
    exception_constraints,
    hours_constraints,
)
from scheduling.models.checked import CheckedModel
from scheduling.states import Weekday


class WorkingHours(RoleCheckedModel, CheckedModel):
    """A therapist's weekly hours on one weekday, optionally from and until a day."""

    therapist = models.ForeignKey(
        User,
        verbose_name=_("therapist"),
        on_delete=models.PROTECT,
        related_name="working_hours",
    )
    weekday = models.SmallIntegerField(
        _("weekday"),
        choices=Weekday.choices,
        validators=[MinValueValidator(0), MaxValueValidator(6)],
    )
    start = models.TimeField(_("start"))
    end = models.TimeField(_("end"))
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    people: ClassVar = {"therapist": Role.THERAPIST}
    history = TrackedHistory()

    class Meta:
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")
        constraints = hours_constraints()

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.start:%H:%M}-{self.end:%H:%M}"


class HoursException(RoleCheckedModel, CheckedModel):
    """A therapist's day that differs from its weekday: off, or with hours of its own.

    Without `start` and `end` the day is off. Several exceptions on a day are several periods.
    """

    therapist = models.ForeignKey(
        User,
        verbose_name=_("therapist"),
        on_delete=models.PROTECT,
        related_name="hours_exceptions",
    )
    day = models.DateField(_("day"))
    start = models.TimeField(_("start"), null=True, blank=True)
    end = models.TimeField(_("end"), null=True, blank=True)

    people: ClassVar = {"therapist": Role.THERAPIST}
    history = TrackedHistory()

    class Meta:
        verbose_name = _("exception of working hours")
        verbose_name_plural = _("exceptions of working hours")
        constraints = exception_constraints()

    def __str__(self) -> str:
        hours = f" {self.start:%H:%M}-{self.end:%H:%M}" if self.start and self.end else ""
        return f"{self.day:%Y-%m-%d}{hours}"


class Closure(CheckedModel):
    """Days on which the whole clinic is closed, first and last included."""

    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    reason = models.CharField(_("reason"), max_length=REASON_LENGTH, validators=[validate_name])

    history = TrackedHistory()

    class Meta:
        verbose_name = _("closure")
        verbose_name_plural = _("closures")
        indexes: ClassVar = [
            models.Index(fields=["first_day", "id"], name="scheduling_closure_by_day")
        ]
        constraints = closure_constraints()

    def __str__(self) -> str:
        return f"{self.first_day:%Y-%m-%d} - {self.last_day:%Y-%m-%d}"
