"""Patients in the clinic's admin."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.models import Role, User
from audit.trail.history_admin import TrackedAdmin
from patients.models import Patient
from patients.services import patient_delete, patient_register, patient_update


class PatientForm(forms.ModelForm):  # type: ignore[type-arg]
    """Takes a CPF with its punctuation too."""

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
        (None, {"fields": ("name", "cpf", "birth_date", "phone", "email")}),
        (_("Care"), {"fields": ("therapist", "medical_history")}),
        (_("Record"), {"fields": ("user", "created_at", "updated_at")}),
    )
    _roles: ClassVar = {"therapist": Role.THERAPIST, "user": Role.PATIENT}

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Patient]:
        return Patient.objects.alive().order_by(*self.ordering)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        return queryset.search(search_term), False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self._roles:
            people = User.objects.filter(role=self._roles[db_field.name])
            kwargs["queryset"] = people.order_by("full_name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        person: Any = request.user
        if change:
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            patient = Patient.objects.get(pk=obj.pk)
            patient_update(acting_user=person, patient=patient, changes=changes)
        else:
            made = patient_register(acting_user=person, **form.cleaned_data)
            obj.pk, obj._state = made.pk, made._state

    def delete_model(self, request: HttpRequest, obj: Patient) -> None:
        person: Any = request.user
        patient_delete(acting_user=person, patient=obj)
