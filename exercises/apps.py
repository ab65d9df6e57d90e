"""The app of exercises."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from audit.capture.app_triggers import register_triggers
from core.constraints import register
from exercises.constraints import RULES
from exercises.triggers import FUNCTIONS, TRIGGERS


class ExercisesConfig(AppConfig):
    """Registers what the app's constraints mean, and its triggers."""

    name = "exercises"
    verbose_name = _("Exercises")

    def ready(self) -> None:
        register(RULES)
        register_triggers("exercises", triggers=TRIGGERS, functions=FUNCTIONS)
