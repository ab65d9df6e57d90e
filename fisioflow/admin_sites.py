"""Two admins that share nothing: the clinic's, on its host, and the platform's, on its own."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite

from accounts.errors import TooManyAttempts
from accounts.models import CLINIC_ADMIN_ROLES, Role, User
from accounts.services import attempt_count
from fisioflow.requests import client_address
from tenants.context import current_scope


class LimitedAuthenticationForm(AuthenticationForm):  # type: ignore[misc]
    """The sign-in form, with the same limit of attempts as the API's."""

    def clean(self) -> dict[str, object]:
        if self.request is not None:
            try:
                attempt_count(
                    email=str(self.cleaned_data.get("username", "")),
                    ip_address=client_address(self.request),
                )
            except TooManyAttempts as refusal:
                raise ValidationError(refusal.detail, code=refusal.code) from refusal
        cleaned: dict[str, object] = super().clean()
        return cleaned


class ClinicAdminSite(UnfoldAdminSite):  # type: ignore[misc]
    """For a clinic's owner, manager and auditor, inside their clinic only."""

    site_title = site_header = "FisioFlow"
    index_title = _("Clinic")
    site_url = None
    index_template = "fisioflow/clinic_index.html"
    login_form = LimitedAuthenticationForm
    keeps_log = False  # the histories do

    def has_permission(self, request: HttpRequest) -> bool:
        """An active owner, manager or auditor of the clinic whose host this is."""
        user, scope = request.user, current_scope()
        return (
            isinstance(user, User)
            and user.is_active
            and user.role in CLINIC_ADMIN_ROLES
            and scope is not None
            and scope.clinic is not None
        )

    def index(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The clinic's day; the auditor's first page is the trail."""
        if isinstance(request.user, User) and request.user.role == Role.AUDITOR:
            return redirect("clinic:audit_event_changelist")
        page: HttpResponse = super().index(request, extra_context)
        return page


class PlatformAdminSite(UnfoldAdminSite):  # type: ignore[misc]
    """For the platform's staff: clinics, domains, shards. No clinic's data can be reached here."""

    site_title = site_header = "FisioFlow"
    index_title = _("Platform")
    site_url = None
    settings_name = "UNFOLD_PLATFORM"
    login_form = LimitedAuthenticationForm
    keeps_log = True

    def has_permission(self, request: HttpRequest) -> bool:
        """An active member of the platform's staff, on the platform's host."""
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
