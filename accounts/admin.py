"""People in the two admins: a clinic's people, and the platform's staff."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import password_validation, update_session_auth_hash
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget

from accounts.access import may_give
from accounts.models import Role, User
from accounts.services import password_change, staff_create, user_create, user_update
from audit.trail.history_admin import TrackedAdmin

CLINIC_ROLES = [role for role in Role if role is not Role.PLATFORM]


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person, with a new password if one is given."""

    new_password = forms.CharField(
        label=_("New password"),
        strip=False,
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("Leave it empty to keep the present one."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            password = self.fields["new_password"]
            password.label, password.required = _("Password"), True
            password.help_text = password_validation.password_validators_help_text_html()

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        password = self.cleaned_data.get("new_password")
        if password:  # compared with the name and e-mail, which the instance has by now
            try:
                password_validation.validate_password(password, self.instance)
            except forms.ValidationError as error:
                self.add_error("new_password", error)


class AccountAdmin(TrackedAdmin):
    """Accounts are deactivated, never deleted: what they did stays theirs."""

    form = AccountForm
    search_fields = ("full_name", "email")
    ordering = ("full_name", "id")
    create: Callable[..., User]  # a new account, by the subclass's service

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        data, acting_user = form.cleaned_data, self._signed_in(request)
        password = data["new_password"]

        if not change:
            fields = {name: data[name] for name in form.fields if name in data}
            del fields["new_password"]
            made = self.create(acting_user, password=password, **fields)
            obj.pk, obj._state = made.pk, made._state
            return

        person = User.objects.get(pk=obj.pk)
        changes = {name: data[name] for name in form.changed_data if name != "new_password"}
        if changes:
            user_update(acting_user=acting_user, user=person, **changes)
        if password:
            password_change(acting_user=acting_user, user=person, password=password)
            if person == acting_user:
                update_session_auth_hash(request, person)

    @staticmethod
    def _signed_in(request: HttpRequest) -> User:
        if not isinstance(request.user, User):
            raise TypeError("The admin is only for people who are signed in.")
        return request.user


class RoleFilter(admin.SimpleListFilter):
    """Filters a clinic's people by role."""

    title = _("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(role.value, role.label) for role in CLINIC_ROLES]

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet[User]
    ) -> models.QuerySet[User]:
        return queryset.filter(role=self.value()) if self.value() in Role.values else queryset


class PersonAdmin(AccountAdmin):
    """A clinic's people. Nobody gives, changes or takes away a role above their own."""

    list_display = ("full_name", "email", "role", "crefito", "is_active")
    list_filter = (RoleFilter, "is_active")
    fields = (
        *("full_name", "email", "role", "crefito", "supervisor"),
        *("is_active", "new_password"),
    )
    add_fieldsets = (
        (
            None,
            {"fields": ("full_name", "email", "role", "crefito", "supervisor", "new_password")},
        ),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed: bool = super().has_change_permission(request, obj)
        person = request.user
        if not isinstance(obj, User):
            return allowed
        return allowed and isinstance(person, User) and may_give(person, obj.role)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # People who lock themselves out or step down can't undo it.
        return ("role", "is_active") if obj is not None and obj == request.user else ()

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "role":
            person = self._signed_in(request)
            kwargs["choices"] = [
                ("", _("Select value")),
                *((role.value, role.label) for role in CLINIC_ROLES if may_give(person, role)),
            ]
            kwargs["widget"] = UnfoldAdminSelectWidget()
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "supervisor":
            fit = User.objects.filter(is_active=True, supervisor=None).exclude(crefito="")
            kwargs["queryset"] = fit.order_by("full_name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def create(self, acting_user: User, **fields: Any) -> User:
        """Create a person of the clinic."""
        return user_create(acting_user=acting_user, **fields)


class StaffAdmin(AccountAdmin):
    """The platform's staff, in the directory."""

    list_display = ("full_name", "email", "is_active", "last_login")
    fields = ("full_name", "email", "is_active", "new_password")
    add_fieldsets = ((None, {"fields": ("full_name", "email", "new_password")}),)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[User]:
        staff: models.QuerySet[User] = User.objects.filter(role=Role.PLATFORM)
        return staff.order_by(*self.ordering)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("is_active",) if obj is not None and obj == request.user else ()

    def create(self, acting_user: User, **fields: Any) -> User:
        """Create a member of the staff."""
        return staff_create(acting_user=acting_user, **fields)
