"""Previewing and booking a series of appointments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from core.records import check, insert_all, save_new
from scheduling.access import refuse_foreign_agenda
from scheduling.clock import moment_of
from scheduling.closed_days import closed_days
from scheduling.constraints.series import MOST
from scheduling.errors import SeriesConflict, SeriesLength
from scheduling.models import Appointment, Series
from scheduling.recurrence import HORIZON, SeriesDays, plan_days
from scheduling.services.conflicts import conflicts_of, described, overlapping, take_seat
from scheduling.services.locks import hold
from tenants.context import clinic_transaction


@dataclass(frozen=True, slots=True)
class Session:
    """A wanted session, and its conflicts, as entries of a problem's `errors`."""

    appointment: Appointment
    conflicts: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a series would be: its sessions, and the days that it skips, with the reasons."""

    sessions: Sequence[Session]
    closed: Sequence[tuple[date, str]]


@dataclass(frozen=True, slots=True)
class Booked:
    """A booked series: its appointments, and the sessions left out with their conflicts."""

    series: Series
    appointments: Sequence[Appointment]
    skipped: Sequence[Session]
    closed: Sequence[tuple[date, str]]


def series_preview(*, acting_user: User | None, **rule: Any) -> Preview:
    """The sessions of a rule (the fields of Series), each with its conflicts; writes nothing.

    Raises ValidationError (fields), NotPermitted, FieldNotPermitted, SeriesLength.
    """
    series, planned = _plan(acting_user, rule)
    return Preview(judged(_sessions(series, planned), acting_user), planned.skipped)


def series_book(*, acting_user: User | None, skip_conflicts: bool = False, **rule: Any) -> Booked:
    """Book a series: all or nothing, or with `skip_conflicts` the sessions that are free.

    Raises what `series_preview` raises, TherapistNotBookable, PatientNotBookable, RoomNotBookable,
    and SeriesConflict when a session has a conflict (with `skip_conflicts`, when all have one).
    """
    series, planned = _plan(acting_user, rule)
    wanted = _sessions(series, planned)

    with clinic_transaction():
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
        insert_all(free)

    return Booked(series, free, refused, planned.skipped)


def judged(wanted: Sequence[Appointment], acting_user: User | None) -> list[Session]:
    """Give each session its place, and find its conflicts with others and with earlier sessions."""
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


def _plan(acting_user: User | None, rule: dict[str, Any]) -> tuple[Series, SeriesDays]:
    series = Series(**rule)
    refuse_foreign_agenda(acting_user, series.therapist)
    series.weekdays = sorted(set(series.weekdays))
    check(series)

    closed = closed_days(series.first_day, series.first_day + HORIZON)
    planned = plan_days(
        first_day=series.first_day,
        weekdays=series.weekdays,
        count=series.count,
        until=series.until,
        closed=closed.reason if series.skip_closed else None,
        most=MOST,
    )

    if not 1 <= len(planned.days) <= MOST:
        field = "count" if series.until is None else "until"
        raise SeriesLength(field, most=MOST, found=len(planned.days))

    return series, planned


def _sessions(series: Series, planned: SeriesDays) -> list[Appointment]:
    zone, length = timezone.get_current_timezone(), timedelta(minutes=series.length)

    sessions = []
    for position, day in enumerate(planned.days, start=1):
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
        check(one, exclude={"series"})
        sessions.append(one)

    return sessions


def _local(moment: Any) -> str:
    return timezone.localtime(moment).isoformat()
