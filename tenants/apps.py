"""The directory's app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    """Which clinics there are, and how code enters one."""

    name = "tenants"
    verbose_name = _("Directory")
