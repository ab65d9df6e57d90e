"""The rules of exercises, prescriptions and logs in the database: names, meanings and SQL.

The database must never refuse what Python accepts, so two rules of a log are coarser there: a
prescription begins when its first day begins in the easternmost time zone, and the present is the
moment at which the row was made.
"""

from datetime import date, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Lower
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from core.constraints import Rule
from exercises.states import BodyRegion, Goal, PrescriptionStatus
from patients import validators

SETS = (1, 20)
REPETITIONS = (1, 200)
HOLD_SECONDS = (0, 600)
FREQUENCY = (1, 7)  # days a week
DONE_SETS = (1, 50)  # patients do more than they are asked to
DONE_REPETITIONS = (0, 1000)
SCALE = (0, 10)  # pain and effort, numeric rating
MAX_ITEMS = 30
INSTRUCTIONS_LENGTH = 5_000  # characters
CONTRAINDICATIONS_LENGTH = 2_000
NOTES_LENGTH = 2_000
COMMENT_LENGTH = 500
MEDIA_URL_LENGTH = 500
MEDIA_URL = r"^https://[^ ]+$"  # in the database; Django's validator is stricter
CLOCK_SKEW = timedelta(minutes=5)  # how far a phone's clock may be ahead
EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)

_COUNT = _("Give a number within the bounds.")
DOSE = {
    "sets": SETS,
    "repetitions": REPETITIONS,
    "hold_seconds": HOLD_SECONDS,
    "frequency_per_week": FREQUENCY,
}
_DONE = {"sets": DONE_SETS, "repetitions": DONE_REPETITIONS, "pain": SCALE, "effort": SCALE}


def _bounds_rules(
    model: str, bounds: dict[str, tuple[int, int]], prefix: str = ""
) -> dict[str, Rule]:
    return {
        f"exercises_{model}_{field}_bounds": Rule(prefix + field, "out_of_range", _COUNT)
        for field in bounds
    }


ITEM_POSITION_FREE = "exercises_prescriptionitem_position_free"
ONE_SUCCESSOR = "exercises_prescription_one_successor"

RULES = {
    "exercises_exercise_name_length": Rule("name", "length", _("A name has 2 to 100 characters.")),
    "exercises_exercise_name_printable": Rule(
        "name", "control_character", _("A name can't hold control characters.")
    ),
    "exercises_exercise_name_trimmed": Rule(
        "name", "untrimmed", _("A name doesn't begin or end with a blank.")
    ),
    "exercises_exercise_name_unique": Rule(
        "name", "unique", _("Another exercise of the clinic has this name."), 409
    ),
    "exercises_exercise_library_code_unique": Rule(
        "library_code", "unique", _("The clinic has this exercise of the library."), 409
    ),
    "exercises_exercise_body_region_known": Rule(
        "body_region", "invalid_choice", _("There is no such body region.")
    ),
    "exercises_exercise_goal_known": Rule("goal", "invalid_choice", _("There is no such goal.")),
    "exercises_exercise_instructions_length": Rule(
        "instructions", "length", _("The instructions have 1 to 5,000 characters.")
    ),
    "exercises_exercise_contraindications_length": Rule(
        "contraindications",
        "max_length",
        _("The contraindications have at most 2,000 characters."),
    ),
    "exercises_exercise_progression_other": Rule(
        "progression", "itself", _("An exercise can't lead to itself.")
    ),
    "exercises_exercise_regression_other": Rule(
        "regression", "itself", _("An exercise can't lead to itself.")
    ),
    "exercises_exercise_media_url_https": Rule(
        "media_url", "invalid", _("Give an address that begins with https://.")
    ),
    **_bounds_rules("exercise", DOSE, prefix="default_"),
    "exercises_prescription_ends_after_start": Rule(
        "end_date", "end_before_start", _("The end can't be before the start.")
    ),
    "exercises_prescription_start_in_this_century": Rule(
        "start_date", "out_of_range", _("Give a date between 2000 and 2099.")
    ),
    "exercises_prescription_end_in_this_century": Rule(
        "end_date", "out_of_range", _("Give a date between 2000 and 2099.")
    ),
    "exercises_prescription_status_known": Rule(
        "status", "invalid_choice", _("There is no such status.")
    ),
    "exercises_prescription_closed_has_day": Rule(
        "status", "invalid", _("A prescription that isn't active has the day it ended.")
    ),
    "exercises_prescription_first_replaces_none": Rule(
        "version", "invalid", _("The first version of a prescription replaces none.")
    ),
    "exercises_prescription_notes_length": Rule(
        "notes", "max_length", _("The notes have at most 2,000 characters.")
    ),
    ONE_SUCCESSOR: Rule(
        "", "prescription_superseded", _("This prescription has a newer version."), 409
    ),
    **_bounds_rules("prescriptionitem", DOSE),
    "exercises_prescriptionitem_position_bounds": Rule(
        "items", "max_length", _("A prescription has at most 30 exercises.")
    ),
    "exercises_prescriptionitem_comment_length": Rule(
        "comment", "max_length", _("A comment has at most 500 characters.")
    ),
    ITEM_POSITION_FREE: Rule(
        "items", "conflict", _("Somebody else changed this prescription."), 409
    ),
    **_bounds_rules("exerciselog", _DONE),
    "exercises_exerciselog_comment_length": Rule(
        "comment", "max_length", _("A comment has at most 500 characters.")
    ),
    "exercises_exerciselog_not_future": Rule(
        "done_at", "in_future", _("This moment is still to come.")
    ),
    "exercises_exerciselog_after_start": Rule(
        "done_at", "before_start", _("The prescription began later than this.")
    ),
    "exercises_exerciselog_append_only": Rule(
        "", "append_only", _("What was logged stays as it was."), 409
    ),
    "exercises_exerciselog_pkey": Rule(
        "id", "log_differs", _("Another log has this id and other contents."), 409
    ),
}


def _check(name: str, condition: Any) -> models.CheckConstraint:
    return models.CheckConstraint(condition=condition, name=name)


def _bounds(
    model: str, bounds: dict[str, tuple[int, int]], prefix: str = ""
) -> list[models.BaseConstraint]:
    return [
        _check(f"exercises_{model}_{field}_bounds", Q((f"{prefix}{field}__range", limits)))
        for field, limits in bounds.items()
    ]


def _at_most(model: str, field: str, length: int) -> models.CheckConstraint:
    return _check(f"exercises_{model}_{field}_length", LessThanOrEqual(Length(field), length))


def exercise_constraints() -> list[models.BaseConstraint]:
    """The constraints of `exercises_exercise`, each named in RULES."""
    shortest, longest = validators.NAME_LENGTH
    length = Length("name")

    return [
        _check(
            "exercises_exercise_name_length",
            Q(GreaterThanOrEqual(length, shortest)) & Q(LessThanOrEqual(length, longest)),
        ),
        _check("exercises_exercise_name_printable", ~Q(name__regex=validators.CONTROL)),
        _check("exercises_exercise_name_trimmed", ~Q(name__regex=validators.UNTRIMMED)),
        models.UniqueConstraint(
            Lower("name"), condition=Q(deleted_at=None), name="exercises_exercise_name_unique"
        ),
        models.UniqueConstraint(
            fields=["library_code"],
            condition=~Q(library_code=""),
            name="exercises_exercise_library_code_unique",
        ),
        _check("exercises_exercise_body_region_known", Q(body_region__in=BodyRegion.values)),
        _check("exercises_exercise_goal_known", Q(goal__in=Goal.values)),
        _check(
            "exercises_exercise_instructions_length",
            ~Q(instructions="") & Q(LessThanOrEqual(Length("instructions"), INSTRUCTIONS_LENGTH)),
        ),
        _at_most("exercise", "contraindications", CONTRAINDICATIONS_LENGTH),
        _check("exercises_exercise_progression_other", ~Q(progression=F("id"))),
        _check("exercises_exercise_regression_other", ~Q(regression=F("id"))),
        _check(
            "exercises_exercise_media_url_https", Q(media_url="") | Q(media_url__iregex=MEDIA_URL)
        ),
        *_bounds("exercise", DOSE, prefix="default_"),
    ]


def prescription_constraints() -> list[models.BaseConstraint]:
    """The constraints of `exercises_prescription`, each named in RULES."""
    century = (EARLIEST, LATEST)

    return [
        _check(
            "exercises_prescription_ends_after_start",
            Q(end_date=None) | Q(end_date__gte=F("start_date")),
        ),
        _check("exercises_prescription_start_in_this_century", Q(start_date__range=century)),
        _check(
            "exercises_prescription_end_in_this_century",
            Q(end_date=None) | Q(end_date__range=century),
        ),
        _check("exercises_prescription_status_known", Q(status__in=PrescriptionStatus.values)),
        _check(
            "exercises_prescription_closed_has_day",
            Q(status=PrescriptionStatus.ACTIVE, closed_on=None)
            | ~Q(status=PrescriptionStatus.ACTIVE) & Q(closed_on__isnull=False),
        ),
        _check(
            "exercises_prescription_first_replaces_none",
            Q(version=1, replaces=None) | Q(version__gt=1, replaces__isnull=False),
        ),
        _at_most("prescription", "notes", NOTES_LENGTH),
        models.UniqueConstraint(fields=["replaces"], name=ONE_SUCCESSOR),
    ]


def item_constraints() -> list[models.BaseConstraint]:
    """The constraints of `exercises_prescriptionitem`, each named in RULES."""
    return [
        *_bounds("prescriptionitem", DOSE | {"position": (1, MAX_ITEMS)}),
        _at_most("prescriptionitem", "comment", COMMENT_LENGTH),
        # With the bounds of a position, this also limits a prescription to MAX_ITEMS.
        models.UniqueConstraint(
            fields=["prescription", "position"],
            condition=Q(removed_at=None),
            name=ITEM_POSITION_FREE,
        ),
    ]


def log_constraints() -> list[models.BaseConstraint]:
    """The constraints of `exercises_exerciselog` that aren't triggers, each named in RULES."""
    latest = models.ExpressionWrapper(
        F("created_at") + CLOCK_SKEW, output_field=models.DateTimeField()
    )

    return [
        *_bounds("exerciselog", _DONE),
        _at_most("exerciselog", "comment", COMMENT_LENGTH),
        _check("exercises_exerciselog_not_future", Q(done_at__lte=latest)),
    ]
