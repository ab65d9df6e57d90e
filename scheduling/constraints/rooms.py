"""The rules of a room that the database holds."""

from django.db import models
from django.db.models import Func, Q
from django.db.models.functions import Length, Lower
from django.utils.translation import gettext_lazy as _

from core.constraints import Rule

NAME_LENGTH = 60  # characters
LARGEST = 100  # places

# Raised by a trigger, which looks at the room's appointments.
CAPACITY_IN_USE = "scheduling_room_capacity_in_use"

RULES = {
    "scheduling_room_name_form": Rule(
        "name", "length", _("A room's name has 1 to 60 characters, no blank at its ends.")
    ),
    "scheduling_room_name_unique": Rule(
        "name", "unique", _("Another room of the clinic has this name."), 409
    ),
    "scheduling_room_capacity_range": Rule(
        "capacity", "out_of_range", _("A room has 1 to 100 places.")
    ),
    CAPACITY_IN_USE: Rule(
        "capacity", "in_use", _("Appointments to come take more places than that."), 409
    ),
}


def room_constraints() -> list[models.BaseConstraint]:
    """The constraints of `scheduling_room`, each named in RULES."""
    length = Length("name")
    form = (
        Q(models.lookups.GreaterThanOrEqual(length, 1))
        & Q(models.lookups.LessThanOrEqual(length, NAME_LENGTH))
        & Q(name=Func("name", function="btrim"))
    )

    return [
        models.CheckConstraint(condition=form, name="scheduling_room_name_form"),
        models.CheckConstraint(
            condition=Q(capacity__gte=1, capacity__lte=LARGEST),
            name="scheduling_room_capacity_range",
        ),
        models.UniqueConstraint(Lower("name"), name="scheduling_room_name_unique"),
    ]
