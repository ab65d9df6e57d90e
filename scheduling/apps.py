"""The scheduling app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from fisioflow.constraints import register
from scheduling.constraints import RULES


class SchedulingConfig(AppConfig):
    """Registers what the app's constraints mean."""

    name = "scheduling"
    verbose_name = _("Agenda")

    def ready(self) -> None:
        register(RULES)
