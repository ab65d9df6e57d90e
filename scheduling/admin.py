"""The agenda in the clinic's admin."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from accounts.models import Role, User
from fisioflow.admin_sites import clinic_site
from fisioflow.record_admin import RecordAdmin
from scheduling.models import Appointment
from scheduling.services import appointment_book, appointment_delete, appointment_update


@admin.register(Appointment, site=clinic_site)
class AppointmentAdmin(RecordAdmin):
    """The clinic's appointments."""

    list_display = ("start_time", "end_time", "patient", "therapist", "status")
    list_filter = ("status", ("therapist", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("patient", "therapist")
    search_fields = ("patient__search_name",)
    date_hierarchy = "start_time"
    ordering = ("-start_time", "id")
    autocomplete_fields = ("patient",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Appointment]:
        return Appointment.objects.alive().order_by(*self.ordering)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        return queryset.search(search_term), False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        who_and_when = ["patient", "therapist", "start_time", "end_time"]
        if obj is None:
            return [*who_and_when, "notes"]
        return [*who_and_when, "status", "notes", "created_at", "updated_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else ["patient", "created_at", "updated_at"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "therapist":
            kwargs["queryset"] = User.objects.filter(role=Role.THERAPIST).order_by("full_name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        person: Any = request.user
        if change:
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            before = Appointment.objects.get(pk=obj.pk)
            appointment_update(acting_user=person, appointment=before, changes=changes)
        else:
            made = appointment_book(acting_user=person, **form.cleaned_data)
            obj.pk, obj._state = made.pk, made._state

    def delete_model(self, request: HttpRequest, obj: Appointment) -> None:
        person: Any = request.user
        appointment_delete(acting_user=person, appointment=obj)
