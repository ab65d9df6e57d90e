"""The agenda's rules that the database holds: their names, meanings and SQL."""

from datetime import UTC, datetime, timedelta

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from fisioflow.constraints import Rule

SHORTEST = timedelta(minutes=15)
LONGEST = timedelta(hours=4)
NOTES_LENGTH = 2_000  # characters
# Keeps typing errors out, and every moment inside what each time zone can show.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

THERAPIST_BUSY = "scheduling_appointment_therapist_free"
PATIENT_BUSY = "scheduling_appointment_patient_free"

RULES = {
    "scheduling_appointment_ends_after_start": Rule(
        "end_time", "end_before_start", _("The end must be after the start.")
    ),
    "scheduling_appointment_lasts_15min_to_4h": Rule(
        "end_time", "duration", _("An appointment lasts from 15 minutes to 4 hours.")
    ),
    "scheduling_appointment_in_this_century": Rule(
        "start_time", "out_of_range", _("Give a date between 2000 and 2099.")
    ),
    "scheduling_appointment_status_known": Rule(
        "status", "invalid_choice", _("There is no such status.")
    ),
    "scheduling_appointment_notes_length": Rule(
        "notes", "max_length", _("The notes have at most 2,000 characters.")
    ),
    THERAPIST_BUSY: Rule(
        "therapist", "therapist_busy", _("The therapist has another appointment then."), 409
    ),
    PATIENT_BUSY: Rule(
        "patient", "patient_busy", _("The patient has another appointment then."), 409
    ),
}


def _one_at_a_time(name: str, whose: str) -> ExclusionConstraint:
    # A range of one key makes && an equality: it spares the clinic's schema an extension.
    key = Func(F(whose), F(whose), Value("[]"), function="uuid_range", output_field=_KEY_RANGE)
    time = Func(
        F("start_time"),
        F("end_time"),
        Value("[)"),
        function="tstzrange",
        output_field=DateTimeRangeField(),
    )
    return ExclusionConstraint(
        name=name,
        expressions=[(key, RangeOperators.OVERLAPS), (time, RangeOperators.OVERLAPS)],
        condition=Q(deleted_at=None) & ~Q(status="cancelled"),
    )


_KEY_RANGE = models.TextField()  # uuid_range has no field of its own; it is compared with itself


def appointment_constraints(statuses: list[str]) -> list[models.BaseConstraint]:
    """The constraints of `scheduling_appointment`, each named in RULES."""
    duration = models.ExpressionWrapper(
        F("end_time") - F("start_time"), output_field=models.DurationField()
    )
    bounds = Q(models.lookups.GreaterThanOrEqual(duration, SHORTEST)) & Q(
        models.lookups.LessThanOrEqual(duration, LONGEST)
    )
    in_century = Q(start_time__gte=EARLIEST, start_time__lt=LATEST)
    notes = models.lookups.LessThanOrEqual(models.functions.Length("notes"), NOTES_LENGTH)
    checks = {
        "scheduling_appointment_ends_after_start": Q(end_time__gt=F("start_time")),
        "scheduling_appointment_lasts_15min_to_4h": bounds,
        "scheduling_appointment_in_this_century": in_century,
        "scheduling_appointment_status_known": Q(status__in=statuses),
        "scheduling_appointment_notes_length": Q(notes),
    }
    return [
        *(models.CheckConstraint(condition=rule, name=name) for name, rule in checks.items()),
        _one_at_a_time(THERAPIST_BUSY, "therapist"),
        _one_at_a_time(PATIENT_BUSY, "patient"),
    ]
