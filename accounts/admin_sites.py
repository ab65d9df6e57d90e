"""Two admins that share nothing: the clinic's, on its host, and the platform's, on its own."""

from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminOwnPasswordChangeForm, AuthenticationForm
from unfold.sites import UnfoldAdminSite

from accounts.errors import TooManyAttempts
from accounts.models import CLINIC_ADMIN_ROLES, Role, User
from accounts.services import password_change
from accounts.sign_in import attempt_count, failure_record
from core.actor import identify
from core.charts import charts_open
from core.requests import client_address
from tenants.context import current_scope


class LimitedAuthenticationForm(AuthenticationForm):  # type: ignore[misc]
    """The sign-in form, with the same limit of attempts as the API's."""

    def clean(self) -> dict[str, object]:
        """Raises ValidationError for somebody who may not enter, and records the failure."""
        email = str(self.cleaned_data.get("username", ""))
        try:
            self._count(email)
            cleaned: dict[str, object] = super().clean()
        except ValidationError as refusal:
            failure_record(email=email, code=refusal.code or "invalid", method="admin")
            raise

        if self.user_cache is not None:
            identify(str(self.user_cache.pk), str(self.user_cache))
        return cleaned

    def _count(self, email: str) -> None:
        if self.request is None:
            return
        try:
            attempt_count(email=email, ip_address=client_address(self.request))
        except TooManyAttempts as refusal:
            raise ValidationError(refusal.detail, code=refusal.code) from refusal


class OwnPasswordForm(AdminOwnPasswordChangeForm):  # type: ignore[misc]
    """Changes one's own password, given the present one."""

    def save(self, commit: bool = True) -> User:
        """Saves through the service, which ends the other sign-ins and records the change."""
        person: User = self.user
        password = self.cleaned_data["new_password1"]
        return password_change(acting_user=person, user=person, password=password)


class _AdminSite(UnfoldAdminSite):  # type: ignore[misc]
    site_title = site_header = "FisioFlow"
    site_url = None
    login_form = LimitedAuthenticationForm
    keeps_log = True

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Unfold's page, with a form that saves through the service."""
        request.current_app = self.name

        view = PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse(f"{self.name}:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )

        return view(request)


class _Suggestions(AutocompleteJsonView):
    """A form field's suggestions while somebody types; they may name patients."""

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        charts_open(self.request, [obj])
        return super().serialize_result(obj, to_field_name)


class ClinicAdminSite(_AdminSite):
    """For a clinic's owner, manager and auditor, inside their clinic only."""

    index_title = _("Clinic")
    keeps_log = False  # histories say more than Django's log

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether this is an active owner, manager or auditor of the host's clinic."""
        user, scope = request.user, current_scope()

        return (
            isinstance(user, User)
            and user.is_active
            and user.role in CLINIC_ADMIN_ROLES
            and scope is not None
            and scope.clinic is not None
        )

    def autocomplete_view(self, request: HttpRequest) -> HttpResponseBase:
        """Django's suggestions; also notes whose charts they name."""
        return _Suggestions.as_view(admin_site=self)(request)

    def index(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The clinic's day; the auditor's first page is the trail."""
        if isinstance(request.user, User) and request.user.role == Role.AUDITOR:
            return redirect("clinic:audit_event_changelist")
        page: HttpResponse = super().index(request, extra_context)
        return page


class PlatformAdminSite(_AdminSite):
    """For the platform's staff: clinics, domains, shards. No clinic's data can be reached here."""

    index_title = _("Platform")
    settings_name = "UNFOLD_PLATFORM"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether this is an active member of the platform's staff, on the platform's host."""
        user, scope = request.user, current_scope()

        return (
            isinstance(user, User)
            and user.is_active
            and user.role == Role.PLATFORM
            and scope is not None
            and scope.clinic is None
        )


clinic_site = ClinicAdminSite(name="clinic")
platform_site = PlatformAdminSite(name="platform")
