"""Rooms."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.capture.history import TrackedHistory
from patients.validators import validate_name
from scheduling.constraints.rooms import LARGEST, NAME_LENGTH, room_constraints
from scheduling.models.checked import CheckedModel


class Room(CheckedModel):
    """Where people are treated, with a place for each patient who is there at the same time.

    Once used it is never deleted, because appointments refer to it; an inactive room takes no new
    ones.
    """

    name = models.CharField(_("name"), max_length=NAME_LENGTH, validators=[validate_name])
    capacity = models.SmallIntegerField(
        _("capacity"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(LARGEST)],
        help_text=_("How many patients at once; more than one is for groups and shared rooms."),
    )
    active = models.BooleanField(_("active"), default=True)

    history = TrackedHistory()

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        ordering: ClassVar = ["name"]
        constraints = room_constraints()

    def __str__(self) -> str:
        return self.name
