"""Series of appointments."""

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import STAFF_ROLES, Role, User
from accounts.roles import RoleCheckedModel
from audit.capture.history import TrackedHistory
from patients.models import Patient
from scheduling.constraints.series import (
    LONGEST_MINUTES,
    MOST,
    SHORTEST_MINUTES,
    series_constraints,
)
from scheduling.models.checked import CheckedModel
from scheduling.models.rooms import Room
from scheduling.states import Weekday
from tenants.clinic_model import ClinicQuerySet


class SeriesQuerySet(ClinicQuerySet["Series"]):
    """Reads of series."""

    def visible_to(self, user: User) -> Self:
        """Staff see all series; therapists see their own, and those they have a session in."""
        if user.role == Role.THERAPIST:
            attended = Series.objects.filter(appointments__therapist=user)
            return self.filter(Q(therapist=user) | Q(pk__in=attended.values("pk")))
        return self if user.role in STAFF_ROLES else self.none()


class Series(RoleCheckedModel, CheckedModel):
    """The rule by which a series of appointments was booked.

    Each session is an appointment (`appointments`) with its own time, room and status. Those say
    what will happen; this row only says how they came about.
    """

    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="series"
    )
    therapist = models.ForeignKey(
        User, verbose_name=_("therapist"), on_delete=models.PROTECT, related_name="series"
    )
    room = models.ForeignKey(
        Room,
        verbose_name=_("room"),
        on_delete=models.PROTECT,
        related_name="series",
        null=True,
        blank=True,
    )
    group = models.BooleanField(_("group"), default=False)
    first_day = models.DateField(_("first day"))
    weekdays = ArrayField(
        models.SmallIntegerField(
            choices=Weekday.choices, validators=[MinValueValidator(0), MaxValueValidator(6)]
        ),
        verbose_name=_("weekdays"),
    )
    start = models.TimeField(_("start"))
    length = models.SmallIntegerField(
        _("length in minutes"),
        validators=[MinValueValidator(SHORTEST_MINUTES), MaxValueValidator(LONGEST_MINUTES)],
    )
    count = models.SmallIntegerField(
        _("number of sessions"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST)],
    )
    until = models.DateField(_("until"), null=True, blank=True)
    skip_closed = models.BooleanField(_("skip holidays and closures"), default=True)

    people: ClassVar = {"therapist": Role.THERAPIST}
    objects: ClassVar = SeriesQuerySet.as_manager()
    history = TrackedHistory()

    class Meta:
        verbose_name = _("series")
        verbose_name_plural = _("series")
        indexes: ClassVar = [
            models.Index(fields=["created_at", "id"], name="scheduling_series_by_created")
        ]
        constraints = series_constraints()

    def __str__(self) -> str:
        return f"{self.first_day:%Y-%m-%d} {self.start:%H:%M}"
