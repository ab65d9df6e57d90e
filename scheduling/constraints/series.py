"""The rules of a series that the database holds."""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from core.constraints import Rule
from scheduling.constraints.appointments import LONGEST, SHORTEST
from scheduling.constraints.hours import EARLIEST, LATEST

MOST = 60  # sessions
_MINUTE = timedelta(minutes=1)
SHORTEST_MINUTES, LONGEST_MINUTES = SHORTEST // _MINUTE, LONGEST // _MINUTE

RULES = {
    "scheduling_series_weekdays_known": Rule(
        "weekdays", "out_of_range", _("Give one to seven weekdays, from 0 (Monday) to 6 (Sunday).")
    ),
    "scheduling_series_length_15min_to_4h": Rule(
        "length", "duration", _("An appointment lasts from 15 minutes to 4 hours.")
    ),
    "scheduling_series_count_or_until": Rule(
        "count", "count_or_until", _("Give either the number of sessions or the last day.")
    ),
    "scheduling_series_count_range": Rule(
        "count", "out_of_range", _("A series has 1 to 60 sessions.")
    ),
    "scheduling_series_until_in_order": Rule(
        "until", "end_before_start", _("The last day can't be before the first.")
    ),
    "scheduling_series_in_this_century": Rule(
        "first_day", "out_of_range", _("Give a date between 2000 and 2099.")
    ),
    "scheduling_series_group_has_room": Rule(
        "group", "room_required", _("A group meets in a room.")
    ),
}


def series_constraints() -> list[models.BaseConstraint]:
    """The constraints of `scheduling_series`, each named in RULES."""
    every_day = Value(list(range(7)), output_field=ArrayField(models.SmallIntegerField()))
    days = Func(F("weekdays"), function="cardinality", output_field=models.IntegerField())

    checks = {
        "weekdays_known": Q(weekdays__contained_by=every_day)
        & Q(models.lookups.GreaterThanOrEqual(days, 1))
        & Q(models.lookups.LessThanOrEqual(days, 7)),
        "length_15min_to_4h": Q(length__gte=SHORTEST_MINUTES, length__lte=LONGEST_MINUTES),
        "count_or_until": Q(count=None, until__isnull=False) | Q(count__isnull=False, until=None),
        "count_range": Q(count__gte=1, count__lte=MOST),
        "until_in_order": Q(until__gte=F("first_day")),
        "in_this_century": Q(first_day__gte=EARLIEST, first_day__lte=LATEST),
        "group_has_room": Q(group=False) | Q(room__isnull=False),
    }

    return [
        models.CheckConstraint(condition=rule, name=f"scheduling_series_{name}")
        for name, rule in checks.items()
    ]
