"""Notes, consents and documents in the clinic's admin: read-only, except new texts and consents."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from audit.trail.history_admin import TrackedAdmin
from core.record_admin import Services
from patients.models import ClinicalNote, Document
from patients.services import consent_give, consent_text_create


class KeptAdmin(TrackedAdmin):
    """Records that can't be changed or deleted in the admin."""

    list_select_related: Any = ("patient",)
    ordering = ("-created_at", "id")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class NoteAdmin(KeptAdmin):
    """Signed notes. Drafts aren't shown: only their author reads them."""

    list_display = ("patient", "kind", "author_name", "signed_at", "cosigned_at")
    list_filter = ("kind", ("author", admin.RelatedOnlyFieldListFilter))
    search_fields = ("patient__search_name",)
    date_hierarchy = "signed_at"
    exclude = ("author", "supervisor")  # the page shows their names at signing

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[ClinicalNote]:
        signed = ClinicalNote.objects.filter(signed_at__isnull=False)
        return signed.select_related("patient").order_by(*self.ordering)

    def get_history_queryset(self, *args: Any, **kwargs: Any) -> models.QuerySet[Any]:
        """Versions before signing aren't shown: only the author reads them."""
        versions: models.QuerySet[Any] = super().get_history_queryset(*args, **kwargs)
        return versions.filter(signed_at__isnull=False)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class ConsentTextAdmin(KeptAdmin):
    """Every version of every text. Versions are added, never changed."""

    list_display = ("purpose", "version", "created_at")
    list_filter = ("purpose",)
    list_select_related = False
    services = Services("text", create=consent_text_create)


class ConsentAdmin(KeptAdmin):
    """What the patients agreed to."""

    services = Services("consent", create=consent_give)
    list_display = ("patient", "purpose", "text", "channel", "given_at", "withdrawn_at")
    list_filter = ("purpose", "channel")
    list_select_related = ("patient", "text")
    search_fields = ("patient__search_name",)
    autocomplete_fields = ("patient",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        given = ["patient", "text", "channel", "given_at"]
        return given if obj is None else [*given, "withdrawn_at"]


class DocumentAdmin(KeptAdmin):
    """The list of documents. Files are sent and opened only through the API."""

    list_display = ("name", "patient", "kind", "status", "shared_with_patient", "created_at")
    list_filter = ("kind", "status")
    search_fields = ("patient__search_name",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Document]:
        return Document.objects.alive().select_related("patient").order_by(*self.ordering)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
