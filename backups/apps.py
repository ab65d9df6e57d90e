"""Backups of clinics, and restores."""

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _


class BackupsConfig(AppConfig):
    """Every clinic's backups, and the proof that they restore."""

    name = "backups"
    verbose_name = _("Backups")

    def ready(self) -> None:
        if not apps.is_installed("django_prometheus"):  # fisioflow.settings_backups
            return
        from prometheus_client import REGISTRY

        from backups.metrics import BackupCollector

        REGISTRY.register(BackupCollector())
