"""The exercises' app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from exercises.constraints import RULES
from fisioflow.constraints import register


class ExercisesConfig(AppConfig):
    """Registers what the app's constraints mean."""

    name = "exercises"
    verbose_name = _("Exercises")

    def ready(self) -> None:
        register(RULES)
