"""Backups of clinics, and restores."""

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _


class BackupsConfig(AppConfig):
    """The app `backups`. Its gauges are registered where Prometheus is installed."""

    name = "backups"
    verbose_name = _("Backups")

    def ready(self) -> None:
        if not apps.is_installed("django_prometheus"):  # not under fisioflow.settings_backups
            return
        from prometheus_client import REGISTRY

        from backups.metrics import BackupCollector

        REGISTRY.register(BackupCollector())
