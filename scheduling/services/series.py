"""Series of appointments: planned, previewed and booked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import router, transaction
from django.utils import timezone

from accounts.models import User
from core.constraints import refusals
from core.errors import FieldNotPermitted
from core.records import save_new
from scheduling.access import owns_agenda
from scheduling.clock import moment_of
from scheduling.closed_days import closed_days
from scheduling.constraints.series import MOST
from scheduling.errors import SeriesConflict, SeriesLength
from scheduling.models import Appointment, Series
from scheduling.recurrence import HORIZON, Plan, plan_days
from scheduling.services.conflicts import conflicts_of, described, overlapping, take_seat
from scheduling.services.locks import hold


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is wanted, and what stands in its way: entries of a problem's `errors`."""

    appointment: Appointment
    conflicts: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a series would be: its sessions, and the days that it steps over, with the reasons."""

    sessions: Sequence[Session]
    closed: Sequence[tuple[date, str]]


@dataclass(frozen=True, slots=True)
class Booked:
    """What a series became: booked sessions, and those left out with their conflicts."""

    series: Series
    appointments: Sequence[Appointment]
    skipped: Sequence[Session]
    closed: Sequence[tuple[date, str]]


def series_preview(*, acting_user: User | None, **rule: Any) -> Preview:
    """The sessions of a rule (the fields of Series), each with its conflicts. Nothing is written.

    Raises ValidationError (fields), FieldNotPermitted, SeriesLength.
    """
    series, plan = _plan(acting_user, rule)
    return Preview(judged(_sessions(series, plan), acting_user), plan.skipped)


def series_book(*, acting_user: User | None, skip_conflicts: bool = False, **rule: Any) -> Booked:
    """Book a series: all of it or nothing, or with `skip_conflicts` what is free.

    Raises like `series_preview`, TherapistNotBookable, PatientNotBookable, RoomNotBookable, and
    SeriesConflict when something stands in the way (or, skipping, in the way of everything).
    """
    series, plan = _plan(acting_user, rule)
    wanted = _sessions(series, plan)
    with transaction.atomic(using=router.db_for_write(Series)):
        rooms = hold(
            people=[series.therapist_id], patients=[series.patient_id], rooms=[series.room_id]
        )
        for one in wanted:
            one.room = rooms.get(series.room_id) if series.room_id else None
        sessions = judged(wanted, acting_user)
        refused = [session for session in sessions if session.conflicts]
        free = [session.appointment for session in sessions if not session.conflicts]
        if refused and not (skip_conflicts and free):
            raise SeriesConflict([item for session in refused for item in session.conflicts])
        save_new(series)
        with refusals():
            Appointment.objects.bulk_create(free)
    return Booked(series, free, refused, plan.skipped)


def judged(wanted: Sequence[Appointment], acting_user: User | None) -> list[Session]:
    """Give each its place, and say what stands in its way: other appointments, or one of these
    before it.
    """
    others = overlapping(wanted, besides={one.pk for one in wanted})
    sessions = []
    for one in wanted:
        take_seat(one, others)
        found = conflicts_of(one, others)
        facts = {"position": one.position, "start_time": _local(one.start_time)}
        sessions.append(Session(one, described(found, acting_user, **facts) if found else []))
        if not found:
            others.append(one)
    return sessions


def _plan(acting_user: User | None, rule: dict[str, Any]) -> tuple[Series, Plan]:
    series = Series(**rule)
    if not owns_agenda(acting_user, series.therapist):
        raise FieldNotPermitted("therapist")
    series.weekdays = sorted(set(series.weekdays))
    series.full_clean(validate_unique=False, validate_constraints=False)
    series.check_rules()
    closed = closed_days(series.first_day, series.first_day + HORIZON)
    plan = plan_days(
        first_day=series.first_day,
        weekdays=series.weekdays,
        count=series.count,
        until=series.until,
        closed=closed.reason if series.skip_closed else None,
        most=MOST,
    )
    if not 1 <= len(plan.days) <= MOST:
        field = "count" if series.until is None else "until"
        raise SeriesLength(field, most=MOST, found=len(plan.days))
    return series, plan


def _sessions(series: Series, plan: Plan) -> list[Appointment]:
    zone, length = timezone.get_current_timezone(), timedelta(minutes=series.length)
    sessions = []
    for position, day in enumerate(plan.days, start=1):
        start = moment_of(day, series.start, zone)
        one = Appointment(
            patient=series.patient,
            therapist=series.therapist,
            room=series.room,
            group=series.group,
            start_time=start,
            end_time=start + length,
            series=series,
            position=position,
        )
        one.full_clean(exclude={"series"}, validate_unique=False, validate_constraints=False)
        sessions.append(one)
    return sessions


def _local(moment: Any) -> str:
    return timezone.localtime(moment).isoformat()
