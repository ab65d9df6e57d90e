"""The app of exercises."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from core.constraints import register
from exercises.constraints import RULES


class ExercisesConfig(AppConfig):
    """Registers what the app's constraints mean."""

    name = "exercises"
    verbose_name = _("Exercises")

    def ready(self) -> None:
        register(RULES)
