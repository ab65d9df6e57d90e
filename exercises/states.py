"""What an exercise is for, and how a prescription's status may change."""

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _


class BodyRegion(models.TextChoices):
    """The part of the body that an exercise works on."""

    CERVICAL = "cervical", _("Cervical spine")
    SHOULDER = "shoulder", _("Shoulder")
    ELBOW = "elbow", _("Elbow")
    WRIST_HAND = "wrist_hand", _("Wrist and hand")
    THORACIC = "thoracic", _("Thoracic spine")
    LUMBAR = "lumbar", _("Lumbar spine")
    HIP = "hip", _("Hip")
    KNEE = "knee", _("Knee")
    ANKLE_FOOT = "ankle_foot", _("Ankle and foot")
    CORE = "core", _("Core")
    BALANCE = "balance", _("Balance")
    BREATHING = "breathing", _("Breathing")


class Goal(models.TextChoices):
    """What an exercise is for."""

    MOBILITY = "mobility", _("Mobility")
    FLEXIBILITY = "flexibility", _("Flexibility")
    STRENGTH = "strength", _("Strength")
    ENDURANCE = "endurance", _("Endurance")
    MOTOR_CONTROL = "motor_control", _("Motor control")
    BALANCE = "balance", _("Balance")
    BREATHING = "breathing", _("Breathing")
    FUNCTION = "function", _("Function")


class PrescriptionStatus(models.TextChoices):
    """Where a prescription stands."""

    ACTIVE = "active", _("Active")
    COMPLETED = "completed", _("Completed")
    SUSPENDED = "suspended", _("Suspended")
    SUPERSEDED = "superseded", _("Superseded")


# Only a new version supersedes a prescription; it also resumes a suspended one.
MOVES: Mapping[str, frozenset[str]] = {
    PrescriptionStatus.ACTIVE: frozenset(
        {PrescriptionStatus.COMPLETED, PrescriptionStatus.SUSPENDED}
    ),
    PrescriptionStatus.SUSPENDED: frozenset({PrescriptionStatus.COMPLETED}),
    PrescriptionStatus.COMPLETED: frozenset(),
    PrescriptionStatus.SUPERSEDED: frozenset(),
}
REPLACEABLE = frozenset({PrescriptionStatus.ACTIVE, PrescriptionStatus.SUSPENDED})


def can_move(before: str, after: str) -> bool:
    """Whether a prescription's status may change like this; staying the same is allowed."""
    return before == after or after in MOVES[before]
