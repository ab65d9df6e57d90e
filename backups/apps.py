"""Backups of clinics, and restores."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BackupsConfig(AppConfig):
    """Every clinic's backups, and the proof that they restore."""

    name = "backups"
    verbose_name = _("Backups")

    def ready(self) -> None:
        from prometheus_client import REGISTRY

        from backups.metrics import BackupCollector

        REGISTRY.register(BackupCollector())
