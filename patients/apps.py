"""The patients' app."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from core.constraints import register
from patients.constraints import RULES


class PatientsConfig(AppConfig):
    """Registers what the app's constraints mean."""

    name = "patients"
    verbose_name = _("Patients")

    def ready(self) -> None:
        register(RULES)
        import_module("patients.checks")  # registers itself
