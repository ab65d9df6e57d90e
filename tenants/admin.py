"""The directory in the platform's admin; `fisioflow.new_clinic` makes clinics."""

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from core.errors import FisioFlowError
from core.record_admin import RecordAdmin
from tenants.models import Clinic, Domain, Shard
from tenants.services import (
    clinic_close,
    clinic_reopen,
    clinic_update,
    domain_add,
    domain_remove,
    shard_update,
)


class ClinicAdmin(RecordAdmin):
    """Clinics: named, put on a plan, closed and opened again, never deleted."""

    list_display = ("name", "schema_name", "shard", "shown_status", "plan", "created_at")
    list_filter = ("shard", "status", "plan")
    list_select_related = ("shard",)
    search_fields = ("name", "schema_name", "domains__domain")
    fields = (
        "name",
        "plan",
        "time_zone",
        "state",
        "schema_name",
        "shard",
        "epoch",
        "status",
        "created_at",
    )
    readonly_fields = ("schema_name", "shard", "epoch", "status", "created_at")
    actions_detail = ("close", "reopen")

    @display(  # type: ignore[untyped-decorator]
        description=_("status"),
        ordering="status",
        label={Clinic.Status.ACTIVE.label: "success", Clinic.Status.CLOSED.label: "danger"},
    )
    def shown_status(self, clinic: Clinic) -> str:
        shown: str = clinic.get_status_display()
        return shown

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        schema_name = Clinic.objects.get(pk=obj.pk).schema_name  # the form holds the posted value
        clinic_update(acting_user=request.user, schema_name=schema_name, changes=changes)

    def has_close_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the clinic is open, and the person may change it."""
        return self._may_change_when(request, object_id, Clinic.Status.ACTIVE)

    def has_reopen_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the clinic is closed, and the person may change it."""
        return self._may_change_when(request, object_id, Clinic.Status.CLOSED)

    @action(  # type: ignore[untyped-decorator]
        description=_("Close this clinic"),
        permissions=["close"],
        url_path="close",
        icon="lock",
        variant=ActionVariant.DANGER,
        dialog={
            "title": _("Close this clinic?"),
            "description": _("Its records stay. Nobody there can sign in until you reopen it."),
            "form_class": None,
            "form_submit_text": _("Close the clinic"),
        },
    )
    def close(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._set_status(request, object_id, clinic_close, _("The clinic is closed."))

    @action(  # type: ignore[untyped-decorator]
        description=_("Reopen this clinic"),
        permissions=["reopen"],
        url_path="reopen",
        icon="lock_open",
        dialog={
            "title": _("Reopen this clinic?"),
            "description": _("Its people can sign in again."),
            "form_class": None,
            "form_submit_text": _("Reopen the clinic"),
        },
    )
    def reopen(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._set_status(request, object_id, clinic_reopen, _("The clinic is open again."))

    def _may_change_when(self, request: HttpRequest, object_id: Any, status: str) -> bool:
        clinic = self.get_object(request, str(object_id))
        allowed: bool = self.has_change_permission(request, clinic)
        return allowed and clinic is not None and clinic.status == status

    def _set_status(
        self, request: HttpRequest, object_id: str, change: Any, done: Any
    ) -> HttpResponse:
        clinic = self.get_object(request, object_id)

        try:
            change(acting_user=request.user, schema_name=clinic.schema_name)
        except FisioFlowError as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)
        else:
            self.log_change(request, clinic, [{"changed": {"fields": ["status"]}}])
            self.message_user(request, done, messages.SUCCESS)

        page = reverse(f"{self.admin_site.name}:tenants_clinic_change", args=[object_id])
        if request.headers.get("HX-Request"):  # the dialog's script goes where this header says
            return HttpResponse(headers={"HX-Redirect": page})
        return redirect(page)


class DomainAdmin(RecordAdmin):
    """Host names: added and removed, never changed."""

    list_display = ("domain", "clinic", "main", "created_at")
    list_select_related = ("tenant",)
    search_fields = ("domain", "tenant__name", "tenant__schema_name")
    fields = ("tenant", "domain")
    autocomplete_fields = ("tenant",)
    actions = None

    @admin.display(description=_("clinic"), ordering="tenant__name")
    def clinic(self, domain: Domain) -> str:
        return str(domain.tenant)

    @admin.display(description=_("main"), boolean=True, ordering="is_primary")
    def main(self, domain: Domain) -> bool:
        primary: bool = domain.is_primary
        return primary

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_foreignkey(
            db_field, request, label=capfirst(_("clinic")), **kwargs
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and not (obj is not None and obj.is_primary)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        added = domain_add(
            acting_user=request.user, schema_name=obj.tenant.schema_name, domain=obj.domain
        )
        obj.pk, obj._state = added.pk, added._state

    def delete_model(self, request: HttpRequest, obj: Domain) -> None:
        domain_remove(acting_user=request.user, domain=obj.domain)


class ShardAdmin(RecordAdmin):
    """Shards: they come from the settings (SHARD_<N>_URL); here they open, drain and close."""

    list_display = ("alias", "state", "weight", "clinics")
    fields = ("alias", "state", "weight", "clinics", "created_at", "updated_at")
    readonly_fields = ("alias", "clinics", "created_at", "updated_at")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Shard]:
        return Shard.objects.annotate(count=models.Count("clinics")).order_by("alias")

    @admin.display(description=_("clinics"), ordering="count")
    def clinics(self, shard: Any) -> int:
        count: int = shard.count
        return count

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        shard_update(acting_user=request.user, alias=obj.alias, changes=changes)
