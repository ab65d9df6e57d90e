"""The directory's app, which also guards the writes of every model, other packages' too."""

from typing import Any

from django.apps import AppConfig
from django.db.models import Model
from django.db.models.signals import pre_delete, pre_save
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    """Which clinics there are, and how code enters one."""

    name = "tenants"
    verbose_name = _("Directory")

    def ready(self) -> None:
        for signal in (pre_save, pre_delete):
            signal.connect(_refuse_foreign, dispatch_uid=f"tenants.{id(signal)}")


def _refuse_foreign(instance: Model, **_: Any) -> None:
    from tenants.router import refuse_foreign  # the router's settings aren't read before this

    refuse_foreign(instance)
