"""The platform's form that creates a clinic with its first host name and its owner."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import password_validation
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.models import Role, User
from accounts.services import user_create
from core.errors import FisioFlowError
from core.record_admin import reasons_of
from core.requests import notes_of
from tenants.admin import ClinicAdmin
from tenants.context import ClinicRoute
from tenants.models import Clinic, Shard
from tenants.services import clinic_create

_TEXT = UnfoldAdminTextInputWidget


class NewClinicForm(forms.ModelForm):  # type: ignore[type-arg]
    """A clinic with its first host name and its owner."""

    schema_name = forms.CharField(
        label=_("Schema name"),
        max_length=49,
        widget=_TEXT,
        help_text=_("2 to 49 of a-z, 0-9 and _; it can't be changed later."),
    )
    domain = forms.CharField(label=_("Domain"), max_length=253, widget=_TEXT)
    shard = forms.ChoiceField(
        label=_("Shard"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text=_("Left open, the shards' weights decide."),
    )
    owner_name = forms.CharField(label=_("Owner's name"), max_length=100, widget=_TEXT)
    owner_email = forms.EmailField(
        label=_("Owner's e-mail"), max_length=254, widget=UnfoldAdminEmailInputWidget
    )
    owner_password = forms.CharField(
        label=_("Owner's password"),
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=password_validation.password_validators_help_text_html,
    )

    class Meta:
        model = Clinic
        fields = ("name", "plan", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        usable = Shard.objects.filter(state=Shard.State.OPEN).values_list("alias", flat=True)
        shard: Any = self.fields["shard"]
        shard.choices = [("", "---------"), *((alias, alias) for alias in usable)]

    def clean_owner_password(self) -> str:
        """The owner's password, checked by the rules for every password."""
        password: str = self.cleaned_data["owner_password"]
        password_validation.validate_password(password)
        return password

    def create(self, acting_user: User) -> Clinic:
        """Create the clinic. Raises what `clinic_create` raises."""
        data = self.cleaned_data

        def add_owner(_route: ClinicRoute) -> None:
            user_create(
                acting_user=acting_user,
                email=data["owner_email"],
                full_name=data["owner_name"],
                role=Role.OWNER,
                password=data["owner_password"],
            )

        return clinic_create(
            acting_user=acting_user,
            schema_name=data["schema_name"],
            name=data["name"],
            domain=data["domain"],
            plan=data["plan"],
            time_zone=data["time_zone"],
            shard=data["shard"] or None,
            populate=add_owner,
        )


class PlatformClinicAdmin(ClinicAdmin):
    """The platform's page of clinics, with the form that creates one."""

    add_fieldsets = (
        (None, {"fields": ("name", "schema_name", "domain", "plan", "time_zone", "shard")}),
        (_("Owner"), {"fields": ("owner_name", "owner_email", "owner_password")}),
    )

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs |= {"form": NewClinicForm, "fields": NewClinicForm.Meta.fields}
        return super().get_form(request, obj, change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.readonly_fields if obj else ()

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Create a new clinic before the admin opens its transaction around the directory.

        Inside it, the shard would commit long before the directory.
        """
        person = request.user
        posted = object_id is None and request.method == "POST"
        if posted and self.has_add_permission(request) and isinstance(person, User):
            form = self.get_form(request)(request.POST)
            if form.is_valid():
                try:
                    return self._created(request, form.create(person))
                except FisioFlowError as refusal:
                    notes_of(request).form_errors = list(reasons_of(refusal))

        response: HttpResponse = super().changeform_view(
            request, object_id, form_url, extra_context
        )
        return response

    def _created(self, request: HttpRequest, clinic: Clinic) -> HttpResponse:
        self.log_addition(request, clinic, [{"added": {}}])
        text = _("%(name)s is ready, on %(shard)s.")
        names = {"name": clinic.name, "shard": clinic.shard_id}
        self.message_user(request, text % names, messages.SUCCESS)
        return redirect(reverse("platform:tenants_clinic_change", args=[clinic.pk]))
