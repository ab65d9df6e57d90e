"""Patients in the clinic's admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.models import User
from audit.trail.history_admin import TrackedAdmin
from core.record_admin import Services
from patients.access import CLINICAL_FIELDS, PERSONAL_FIELDS, SIGN_IN_FIELDS
from patients.models import Patient
from patients.services import patient_delete, patient_register, patient_update

_FIRST = ("name", "cpf", "birth_date", "phone", "email")


class PatientForm(forms.ModelForm):  # type: ignore[type-arg]
    """Takes a CPF with or without its punctuation."""

    cpf = forms.CharField(label=_("CPF"), max_length=14, widget=UnfoldAdminTextInputWidget)


class PatientAdmin(TrackedAdmin):
    """The clinic's patients."""

    form = PatientForm
    list_display = ("name", "phone", "birth_date", "therapist", "created_at")
    list_filter = (("therapist", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("therapist",)
    search_fields = ("search_name",)
    search_help_text = _("Words of the name, or a CPF.")
    ordering = ("search_name", "id")
    readonly_fields = ("created_at", "updated_at")
    fieldsets = (
        (None, {"fields": (*_FIRST, *sorted(PERSONAL_FIELDS - {*_FIRST, "therapist"}))}),
        (_("Care"), {"fields": ("therapist", *sorted(CLINICAL_FIELDS))}),
        (_("Record"), {"fields": (*sorted(SIGN_IN_FIELDS), "created_at", "updated_at")}),
    )
    services = Services(
        "patient", create=patient_register, update=patient_update, delete=patient_delete
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Patient]:
        return Patient.objects.alive().order_by(*self.ordering)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        return queryset.search(search_term), False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in Patient.people:
            people = User.objects.filter(role=Patient.people[db_field.name])
            kwargs["queryset"] = people.order_by("full_name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
