"""Appointments."""

from datetime import datetime
from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import STAFF_ROLES, Role, User
from accounts.roles import RoleCheckedModel
from audit.capture.history import TrackedHistory
from core.constraints import RuledModel
from patients.models import Patient
from patients.validators import validate_text
from scheduling.constraints.appointments import (
    EARLIEST,
    LATEST,
    LONGEST,
    NOTES_LENGTH,
    RULES,
    SHORTEST,
    appointment_constraints,
)
from scheduling.models.rooms import Room
from scheduling.models.series import Series
from scheduling.states import Status
from tenants.clinic_model import ClinicModel, ClinicQuerySet


class AppointmentQuerySet(ClinicQuerySet["Appointment"]):
    """Reads of appointments."""

    def alive(self) -> Self:
        """Appointments that weren't deleted."""
        return self.filter(deleted_at=None)

    def visible_to(self, user: User) -> Self:
        """Staff see all appointments; therapists and patients only their own."""
        if user.role == Role.THERAPIST:
            return self.filter(therapist=user)
        if user.role == Role.PATIENT:
            return self.filter(patient__user=user, patient__deleted_at=None)
        return self if user.role in STAFF_ROLES else self.none()

    def within(self, start: datetime | None, end: datetime | None) -> Self:
        """Appointments that overlap the time from `start` up to but not including `end`."""
        found = self if start is None else self.filter(end_time__gt=start)
        return found if end is None else found.filter(start_time__lt=end)

    def search(self, text: str) -> Self:
        """Appointments whose patient's name has these words, or whose patient has this CPF."""
        return self.filter(patient__in=Patient.objects.search(text))

    def taking_time(self) -> Self:
        """Appointments that keep therapist and patient busy: neither deleted nor cancelled."""
        return self.alive().exclude(status=Status.CANCELLED)


class Appointment(RuledModel, RoleCheckedModel, ClinicModel):
    """A patient with a therapist, from `start_time` up to but not including `end_time`."""

    patient = models.ForeignKey(
        Patient,
        verbose_name=_("patient"),
        on_delete=models.PROTECT,
        related_name="appointments",
    )
    therapist = models.ForeignKey(
        User,
        verbose_name=_("therapist"),
        on_delete=models.PROTECT,
        related_name="appointments",
    )
    start_time = models.DateTimeField(_("start"))
    end_time = models.DateTimeField(_("end"))
    status = models.CharField(
        _("status"), max_length=11, choices=Status.choices, default=Status.SCHEDULED
    )
    notes = models.TextField(
        _("notes"),
        max_length=NOTES_LENGTH,
        blank=True,
        validators=[MaxLengthValidator(NOTES_LENGTH), validate_text],
    )
    room = models.ForeignKey(
        Room,
        verbose_name=_("room"),
        on_delete=models.PROTECT,
        related_name="appointments",
        null=True,
        blank=True,
    )
    # The place in the room, from 1 to its capacity; overlapping appointments have different places.
    seat = models.SmallIntegerField(_("place"), null=True, blank=True, editable=False)
    group = models.BooleanField(
        _("group"),
        default=False,
        help_text=_("The therapist attends others in the same room meanwhile."),
    )
    series = models.ForeignKey(
        Series,
        verbose_name=_("series"),
        on_delete=models.PROTECT,
        related_name="appointments",
        null=True,
        blank=True,
        editable=False,
    )
    position = models.SmallIntegerField(
        _("number in the series"), null=True, blank=True, editable=False
    )
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True, editable=False)

    people: ClassVar = {"therapist": Role.THERAPIST}
    objects: ClassVar = AppointmentQuerySet.as_manager()
    history = TrackedHistory()

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        indexes: ClassVar = [
            models.Index(fields=["start_time", "id"], name="scheduling_appointment_by_time"),
            models.Index(fields=["created_at", "id"], name="scheduling_appointment_by_made"),
            models.Index(fields=["therapist", "start_time"], name="scheduling_appointment_agenda"),
        ]
        constraints = appointment_constraints(Status.values)

    def __str__(self) -> str:
        return f"{self.start_time:%Y-%m-%d %H:%M %Z}"

    def clean(self) -> None:
        """Check that the times are in order and in this century, and that a group has a room."""
        super().clean()
        if None in (self.start_time, self.end_time):
            return

        if not EARLIEST <= self.start_time < LATEST:
            _refuse("scheduling_appointment_in_this_century")
        if self.end_time <= self.start_time:
            _refuse("scheduling_appointment_ends_after_start")
        if not SHORTEST <= self.end_time - self.start_time <= LONGEST:
            _refuse("scheduling_appointment_lasts_15min_to_4h")
        if self.group and self.room_id is None:
            _refuse("scheduling_appointment_group_has_room")


def _refuse(constraint: str) -> None:
    rule = RULES[constraint]
    raise ValidationError({rule.field: ValidationError(str(rule.message), code=rule.code)})
