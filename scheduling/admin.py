"""The agenda in the clinic's admin."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from accounts.models import Role, User
from audit.trail.history_admin import TrackedAdmin
from core.record_admin import Services
from scheduling.models import Appointment, Room
from scheduling.services import (
    appointment_book,
    appointment_delete,
    appointment_update,
    closure_create,
    closure_delete,
    closure_update,
    exception_create,
    exception_delete,
    exception_update,
    hours_create,
    hours_delete,
    hours_update,
    room_create,
    room_delete,
    room_update,
)


class AppointmentAdmin(TrackedAdmin):
    """The clinic's appointments."""

    list_display = ("start_time", "end_time", "patient", "therapist", "room", "status")
    list_filter = ("status", ("therapist", admin.RelatedOnlyFieldListFilter), "room")
    list_select_related = ("patient", "therapist", "room")
    search_fields = ("patient__search_name",)
    date_hierarchy = "start_time"
    ordering = ("-start_time", "id")
    autocomplete_fields = ("patient",)
    services = Services("appointment", appointment_book, appointment_update, appointment_delete)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Appointment]:
        return Appointment.objects.alive().order_by(*self.ordering)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        return queryset.search(search_term), False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        who_and_when = ["patient", "therapist", "start_time", "end_time", "room", "group"]
        if obj is None:
            return [*who_and_when, "notes"]
        return [*who_and_when, "status", "notes", "series", "created_at", "updated_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else ["patient", "series", "created_at", "updated_at"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "therapist":
            kwargs["queryset"] = _therapists()
        if db_field.name == "room":
            kwargs["queryset"] = Room.objects.filter(active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class _SetupAdmin(TrackedAdmin):
    """A table of the agenda's set-up."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None or "therapist" not in self.fields else ["therapist"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_foreignkey(
            db_field, request, **kwargs | {"queryset": _therapists()}
        )


class RoomAdmin(_SetupAdmin):
    """The clinic's rooms."""

    list_display = ("name", "capacity", "active")
    list_filter = ("active",)
    search_fields = ("name",)
    fields = ("name", "capacity", "active")
    services = Services("room", room_create, room_update, room_delete)


class WorkingHoursAdmin(_SetupAdmin):
    """Therapists' weekly hours."""

    list_display = ("therapist", "weekday", "start", "end", "valid_from", "valid_until")
    list_filter = (("therapist", admin.RelatedOnlyFieldListFilter), "weekday")
    list_select_related = ("therapist",)
    ordering = ("therapist__full_name", "weekday", "start")
    fields = ("therapist", "weekday", "start", "end", "valid_from", "valid_until")
    services = Services("hours", hours_create, hours_update, hours_delete)


class HoursExceptionAdmin(_SetupAdmin):
    """Days off, and days with other hours, of every therapist."""

    list_display = ("therapist", "day", "start", "end")
    list_filter = (("therapist", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("therapist",)
    date_hierarchy = "day"
    ordering = ("-day", "start")
    fields = ("therapist", "day", "start", "end")
    services = Services("exception", exception_create, exception_update, exception_delete)


class ClosureAdmin(_SetupAdmin):
    """Days on which the clinic is closed."""

    list_display = ("first_day", "last_day", "reason")
    date_hierarchy = "first_day"
    ordering = ("-first_day", "id")
    fields = ("first_day", "last_day", "reason")
    services = Services("closure", closure_create, closure_update, closure_delete)


def _therapists() -> Any:
    return User.objects.filter(role=Role.THERAPIST).order_by("full_name")
