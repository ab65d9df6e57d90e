"""The patients' app."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from audit.capture.app_triggers import register_triggers
from audit.capture.whose_chart import register_patient
from core.constraints import register
from patients.constraints import RULES
from patients.triggers import FUNCTIONS, TRIGGERS


class PatientsConfig(AppConfig):
    """Registers what the app's constraints mean, its triggers, and who a patient is."""

    name = "patients"
    verbose_name = _("Patients")

    def ready(self) -> None:
        register(RULES)
        register_triggers("patients", triggers=TRIGGERS, functions=FUNCTIONS)
        from patients.models import Patient  # models can't be loaded earlier

        register_patient(Patient)
        import_module("patients.checks")  # importing it registers the check
