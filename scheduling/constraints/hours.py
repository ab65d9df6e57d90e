"""The rules of working hours, exceptions and closures that the database holds."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from core.constraints import Rule
from scheduling.constraints.ranges import (
    between_clocks,
    between_days,
    exclusion,
    same_key,
    same_number,
)

EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)
REASON_LENGTH = 200  # characters

_END = Rule("end", "end_before_start", _("The end must be after the start."))
_CENTURY = _("Give a date between 2000 and 2099.")

HOURS_RULES = {
    "scheduling_workinghours_weekday_known": Rule(
        "weekday", "out_of_range", _("Give a weekday from 0 (Monday) to 6 (Sunday).")
    ),
    "scheduling_workinghours_ends_after_start": _END,
    "scheduling_workinghours_valid_in_order": Rule(
        "valid_until", "end_before_start", _("The last day can't be before the first.")
    ),
    "scheduling_workinghours_in_this_century": Rule("valid_from", "out_of_range", _CENTURY),
    "scheduling_workinghours_no_overlap": Rule(
        "start", "hours_overlap", _("The therapist has other hours then."), 409
    ),
}
EXCEPTION_RULES = {
    "scheduling_hoursexception_both_or_none": Rule(
        "end", "both_or_none", _("Give both start and end, or neither for a day off.")
    ),
    "scheduling_hoursexception_ends_after_start": _END,
    "scheduling_hoursexception_in_this_century": Rule("day", "out_of_range", _CENTURY),
    "scheduling_hoursexception_no_overlap": Rule(
        "start", "hours_overlap", _("The therapist has another exception then."), 409
    ),
}
CLOSURE_RULES = {
    "scheduling_closure_in_order": Rule(
        "last_day", "end_before_start", _("The last day can't be before the first.")
    ),
    "scheduling_closure_in_this_century": Rule("first_day", "out_of_range", _CENTURY),
    "scheduling_closure_reason_length": Rule(
        "reason", "length", _("Give a reason of at most 200 characters.")
    ),
}
RULES = HOURS_RULES | EXCEPTION_RULES | CLOSURE_RULES


def _check(name: str, condition: Q) -> models.CheckConstraint:
    return models.CheckConstraint(condition=condition, name=name)


def hours_constraints() -> list[models.BaseConstraint]:
    """The constraints of `scheduling_workinghours`. A null day means no limit, and passes."""
    prefix = "scheduling_workinghours_"

    return [
        _check(prefix + "weekday_known", Q(weekday__gte=0, weekday__lte=6)),
        _check(prefix + "ends_after_start", Q(end__gt=F("start"))),
        _check(prefix + "valid_in_order", Q(valid_until__gte=F("valid_from"))),
        _check(
            prefix + "in_this_century",
            Q(valid_from__gte=EARLIEST, valid_from__lte=LATEST)
            & Q(valid_until__gte=EARLIEST, valid_until__lte=LATEST),
        ),
        exclusion(
            prefix + "no_overlap",
            same_key("therapist"),
            same_number("weekday"),
            between_clocks("start", "end"),
            between_days("valid_from", "valid_until"),
        ),
    ]


def exception_constraints() -> list[models.BaseConstraint]:
    """The constraints of `scheduling_hoursexception`. A day off excludes other exceptions."""
    prefix = "scheduling_hoursexception_"

    return [
        _check(
            prefix + "both_or_none",
            Q(start=None, end=None) | Q(start__isnull=False, end__isnull=False),
        ),
        _check(prefix + "ends_after_start", Q(end__gt=F("start"))),
        _check(prefix + "in_this_century", Q(day__gte=EARLIEST, day__lte=LATEST)),
        exclusion(
            prefix + "no_overlap",
            same_key("therapist"),
            between_days("day", "day"),
            between_clocks("start", "end"),
        ),
    ]


def closure_constraints() -> list[models.BaseConstraint]:
    """The constraints of `scheduling_closure`. Closures may overlap: closed is closed."""
    length = Length("reason")

    return [
        _check("scheduling_closure_in_order", Q(last_day__gte=F("first_day"))),
        _check(
            "scheduling_closure_in_this_century",
            Q(first_day__gte=EARLIEST, last_day__lte=LATEST),
        ),
        _check(
            "scheduling_closure_reason_length",
            Q(models.lookups.GreaterThanOrEqual(length, 1))
            & Q(models.lookups.LessThanOrEqual(length, REASON_LENGTH)),
        ),
    ]
