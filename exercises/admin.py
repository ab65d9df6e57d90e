"""The exercise library in the clinic's admin; prescriptions and logs are read-only there."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from unfold.admin import TabularInline

from audit.trail.history_admin import TrackedAdmin
from core.record_admin import Services
from exercises.models import Exercise, PrescriptionItem
from exercises.services import exercise_create, exercise_delete, exercise_update


class ExerciseAdmin(TrackedAdmin):
    """The clinic's library of exercises."""

    list_display = ("name", "body_region", "goal", "updated_at")
    list_filter = ("body_region", "goal")
    search_fields = ("search_name",)
    ordering = ("search_name", "id")
    autocomplete_fields = ("progression", "regression")
    readonly_fields = ("created_at", "updated_at")
    services = Services("exercise", exercise_create, exercise_update, exercise_delete)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Exercise]:
        return Exercise.objects.alive().order_by(*self.ordering)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        return queryset.search(search_term), False


class _ReadOnly:
    """Read-only: clinicians and patients write these through the API."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class _ItemInline(_ReadOnly, TabularInline):  # type: ignore[misc]
    model = PrescriptionItem
    extra = 0
    fields = ("position", "exercise", "sets", "repetitions", "hold_seconds", "frequency_per_week")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[PrescriptionItem]:
        return PrescriptionItem.objects.current().select_related("exercise").order_by("position")


class PrescriptionAdmin(_ReadOnly, TrackedAdmin):
    """What therapists ask patients to do at home."""

    list_display = ("start_date", "end_date", "patient", "therapist_name", "version", "status")
    list_filter = ("status", ("therapist", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("patient",)
    search_fields = ("patient__search_name",)
    ordering = ("-start_date", "id")
    inlines = (_ItemInline,)


class ExerciseLogAdmin(_ReadOnly, TrackedAdmin):
    """What patients did of their prescriptions."""

    list_display = ("done_at", "item", "sets", "repetitions", "pain", "effort")
    list_select_related = ("item__exercise", "item__prescription")
    date_hierarchy = "done_at"
    ordering = ("-done_at", "id")
