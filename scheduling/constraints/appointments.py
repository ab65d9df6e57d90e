"""The rules of an appointment that the database holds: their names, meanings and SQL."""

from datetime import UTC, datetime, timedelta

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Case, F, Q, When
from django.utils.translation import gettext_lazy as _

from core.constraints import Rule
from scheduling.constraints.ranges import (
    between_moments,
    exclusion,
    key_as_address,
    same_key,
    same_number,
)

SHORTEST = timedelta(minutes=15)
LONGEST = timedelta(hours=4)
NOTES_LENGTH = 2_000  # characters
# Keeps typing errors out, and every moment representable in each time zone.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

THERAPIST_BUSY = "scheduling_appointment_therapist_free"
PATIENT_BUSY = "scheduling_appointment_patient_free"
ROOM_FULL = "scheduling_appointment_room_has_seats"
SEAT_BEYOND = "scheduling_appointment_seat_in_room"  # raised by a trigger

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
    ROOM_FULL: Rule("room", "room_full", _("The room is full then."), 409),
    SEAT_BEYOND: Rule("room", "room_full", _("The room is full then."), 409),
    "scheduling_appointment_seat_with_room": Rule(
        "room", "seat_with_room", _("An appointment in a room has a place there.")
    ),
    "scheduling_appointment_group_has_room": Rule(
        "group", "room_required", _("A group meets in a room.")
    ),
    "scheduling_appointment_position_in_series": Rule(
        "series", "position_in_series", _("An appointment of a series has its number there.")
    ),
    "scheduling_appointment_position_unique": Rule(
        "series", "unique", _("The series has another appointment of this number."), 409
    ),
}


TAKING_TIME = Q(deleted_at=None) & ~Q(status="cancelled")


def _one_session_at_a_time() -> ExclusionConstraint:
    """A therapist may have several appointments at once only if all belong to one group: `group` in
    the same room. Any other appointment is a session of its own.
    """
    session = Case(
        When(group=True, then=F("room")), default=F("id"), output_field=models.UUIDField()
    )

    return ExclusionConstraint(
        name=THERAPIST_BUSY,
        expressions=[
            (same_key("therapist"), RangeOperators.OVERLAPS),
            (between_moments("start_time", "end_time"), RangeOperators.OVERLAPS),
            (OpClass(key_as_address(session), name="inet_ops"), RangeOperators.NOT_EQUAL),
        ],
        condition=TAKING_TIME,
    )


def appointment_constraints(statuses: list[str]) -> list[models.BaseConstraint]:
    """The constraints of `scheduling_appointment`, each named in RULES."""
    duration = models.ExpressionWrapper(
        F("end_time") - F("start_time"), output_field=models.DurationField()
    )
    bounds = Q(models.lookups.GreaterThanOrEqual(duration, SHORTEST)) & Q(
        models.lookups.LessThanOrEqual(duration, LONGEST)
    )

    in_century = Q(start_time__gte=EARLIEST, start_time__lt=LATEST)
    time = between_moments("start_time", "end_time")
    notes = models.lookups.LessThanOrEqual(models.functions.Length("notes"), NOTES_LENGTH)

    checks = {
        "scheduling_appointment_ends_after_start": Q(end_time__gt=F("start_time")),
        "scheduling_appointment_lasts_15min_to_4h": bounds,
        "scheduling_appointment_in_this_century": in_century,
        "scheduling_appointment_status_known": Q(status__in=statuses),
        "scheduling_appointment_notes_length": Q(notes),
        "scheduling_appointment_seat_with_room": Q(room=None, seat=None)
        | Q(room__isnull=False, seat__isnull=False, seat__gte=1),
        "scheduling_appointment_group_has_room": Q(group=False) | Q(room__isnull=False),
        "scheduling_appointment_position_in_series": Q(series=None, position=None)
        | Q(series__isnull=False, position__isnull=False, position__gte=1),
    }

    return [
        *(models.CheckConstraint(condition=rule, name=name) for name, rule in checks.items()),
        models.UniqueConstraint(
            fields=["series", "position"], name="scheduling_appointment_position_unique"
        ),
        _one_session_at_a_time(),
        exclusion(PATIENT_BUSY, same_key("patient"), time, condition=TAKING_TIME),
        exclusion(
            ROOM_FULL,
            same_key("room"),
            same_number("seat"),
            time,
            condition=TAKING_TIME & Q(room__isnull=False),
        ),
    ]
