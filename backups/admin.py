"""The platform's read-only pages of backups."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from backups.models import ClinicBackups
from backups.schedule import Standing, with_standing


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]
    """A page where people change nothing."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RunAdmin(ReadOnlyAdmin):
    """The runs, newest first."""

    list_display = ("clinic", "kind", "state", "started_at", "finished_at", "covers_until", "error")
    list_filter = ("state", "kind")
    list_select_related = ("clinic",)
    search_fields = ("clinic__name", "clinic__schema_name", "backup_id")
    ordering = ("-started_at",)


class ClinicBackupsAdmin(ReadOnlyAdmin):
    """Each active clinic: its last backup, its last proven restore, its recovery point's age."""

    list_display = (
        "name",
        "schema_name",
        "shard",
        "shown_schedule",
        "recovery_point",
        "last_full",
        "last_proven",
    )
    list_select_related = ("shard",)
    search_fields = ("name", "schema_name")
    list_display_links = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[ClinicBackups]:
        found: QuerySet[ClinicBackups] = with_standing(super().get_queryset(request))
        return found.filter(status=ClinicBackups.Status.ACTIVE)

    @display(  # type: ignore[untyped-decorator]
        description=_("schedule"), label={_("kept"): "success", _("missed"): "danger"}
    )
    def shown_schedule(self, clinic: Any) -> str:
        missed = Standing.of(clinic).is_missed(timezone.now())
        return str(_("missed") if missed else _("kept"))

    @display(description=_("recovery point"), ordering="covered_until")  # type: ignore[untyped-decorator]
    def recovery_point(self, clinic: Any) -> str:
        return _age(clinic.covered_until)

    @display(description=_("last full backup"), ordering="last_full")  # type: ignore[untyped-decorator]
    def last_full(self, clinic: Any) -> str:
        return _age(clinic.last_full)

    @display(description=_("last proven restore"), ordering="last_proven")  # type: ignore[untyped-decorator]
    def last_proven(self, clinic: Any) -> str:
        return _age(clinic.last_proven)


def _age(moment: datetime | None) -> str:
    return timesince(moment) if moment else str(_("never"))
