"""Changes to a series: to this session, this and the following, or all that are still to come."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.constraints import refusals
from core.errors import Conflict
from core.records import check, save_changes
from scheduling.access import refuse_foreign_agenda
from scheduling.clock import moment_of
from scheduling.errors import SeriesConflict, SeriesOver
from scheduling.models import Appointment, AppointmentQuerySet, Series
from scheduling.services.locks import hold, hold_appointments
from scheduling.services.series import judged
from scheduling.states import Status
from tenants.context import clinic_transaction


class SeriesScope(models.TextChoices):
    """The sessions of a series that a change applies to."""

    THIS = "this", _("This session")
    FOLLOWING = "following", _("This and the following")
    ALL = "all", _("All")


def series_change(
    *,
    acting_user: User | None,
    series: Series,
    scope: SeriesScope,
    appointment: Appointment | None,
    changes: Mapping[str, Any],
) -> list[Appointment]:
    """Move sessions to another `start` (time of day), `therapist` or `room` (None for no room).

    Only scheduled sessions that are still to come change, all or none; each keeps its day and its
    length. `appointment` is the session that `scope` counts from (ALL needs none).

    Raises SeriesOver, SeriesConflict, NotPermitted, FieldNotPermitted, ValidationError,
    TherapistNotBookable, PatientNotBookable, RoomNotBookable.
    """
    with clinic_transaction():
        affected = _read(series, scope, appointment)
        refuse_foreign_agenda(acting_user, *_therapists(affected, changes))
        moved = [_changed(row, changes) for row in affected]
        rooms = hold(
            people={row.therapist_id for row in moved},
            patients={row.patient_id for row in moved},
            rooms={row.room_id for row in moved},
        )
        _hold_as_read(affected)

        for row in moved:
            row.room = rooms[row.room_id] if row.room_id else None
            check(row, exclude={"series"})
        refused = [session for session in judged(moved, acting_user) if session.conflicts]
        if refused:
            raise SeriesConflict([item for session in refused for item in session.conflicts])

        _write(affected, moved)
        if scope == SeriesScope.ALL:
            save_changes(series, changes)

    return moved


def series_cancel(
    *,
    acting_user: User | None,
    series: Series,
    scope: SeriesScope,
    appointment: Appointment | None,
) -> list[Appointment]:
    """Cancel the scheduled sessions that are still to come; the others stay as they are.

    Raises SeriesOver, NotPermitted, FieldNotPermitted.
    """
    with clinic_transaction():
        affected = _read(series, scope, appointment)
        refuse_foreign_agenda(acting_user, *_therapists(affected))
        _hold_as_read(affected)

        now = timezone.now()
        keys = [row.pk for row in affected]
        Appointment.objects.filter(pk__in=keys).update(status=Status.CANCELLED, updated_at=now)
        for row in affected:
            row.status, row.updated_at = Status.CANCELLED, now

    return affected


def _read(series: Series, scope: SeriesScope, appointment: Appointment | None) -> list[Appointment]:
    rows: AppointmentQuerySet = Appointment.objects.alive().filter(
        series=series, status=Status.SCHEDULED, start_time__gt=timezone.now()
    )

    if scope != SeriesScope.ALL:
        if appointment is None:
            raise TypeError("The scopes `this` and `following` count from an appointment.")
        this, following = {"pk": appointment.pk}, {"position__gte": appointment.position}
        rows = rows.filter(**(this if scope == SeriesScope.THIS else following))

    found = list(rows.select_related("patient", "therapist", "room").order_by("start_time", "pk"))
    if not found:
        raise SeriesOver(series=series.pk)
    return found


def _therapists(
    affected: Sequence[Appointment], changes: Mapping[str, Any] | None = None
) -> set[User]:
    """The therapists who lose or gain a session."""
    gets = {changes["therapist"]} if changes and "therapist" in changes else set()
    return {row.therapist for row in affected} | gets


def _changed(row: Appointment, changes: Mapping[str, Any]) -> Appointment:
    """A changed copy of the session."""
    zone = timezone.get_current_timezone()

    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    moved = Appointment(**values)
    moved._state.adding, moved._state.db = False, row._state.db
    moved.patient, moved.therapist, moved.room = row.patient, row.therapist, row.room

    if "start" in changes:
        day = timezone.localdate(row.start_time, zone)
        length: timedelta = row.end_time - row.start_time
        moved.start_time = moment_of(day, changes["start"], zone)
        moved.end_time = moved.start_time + length
    for field in ("therapist", "room"):
        if field in changes:
            setattr(moved, field, changes[field])

    return moved


def _hold_as_read(affected: Sequence[Appointment]) -> None:
    """Lock the sessions. Raises Conflict if one was changed after it was read: the locks on people,
    patients and rooms, taken before, would then fit its old state and not its new one.
    """
    held = {row.pk: row.updated_at for row in hold_appointments(row.pk for row in affected)}
    if any(held.get(row.pk) != row.updated_at for row in affected):
        raise Conflict


def _write(before: Sequence[Appointment], after: Sequence[Appointment]) -> None:
    """Write the sessions in an order that moves none into a time that another hasn't left yet."""
    later = after[0].start_time > before[0].start_time
    now = timezone.now()

    with refusals():
        for row in reversed(after) if later else after:
            row.updated_at = now
            row.save(
                update_fields=["start_time", "end_time", "therapist", "room", "seat", "updated_at"]
            )
