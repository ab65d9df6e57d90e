"""The scheduling app."""

from django.apps import AppConfig
from django.contrib.postgres.indexes import OpClass
from django.db.models.expressions import OrderBy
from django.db.models.functions import Collate
from django.db.models.indexes import IndexExpression
from django.utils.translation import gettext_lazy as _

from audit.capture.app_triggers import register_triggers
from core.constraints import register
from scheduling.constraints import RULES
from scheduling.triggers import FUNCTIONS, TRIGGERS


class SchedulingConfig(AppConfig):
    """Registers the meaning of constraints, the triggers, and which patients an agenda opens."""

    name = "scheduling"
    verbose_name = _("Agenda")

    def ready(self) -> None:
        # Installing django.contrib.postgres would do this, and look for hstore and citext on every
        # connection. Without it, an operator class ends up inside the parentheses.
        IndexExpression.register_wrappers(OrderBy, OpClass, Collate)
        register(RULES)
        register_triggers("scheduling", triggers=TRIGGERS, functions=FUNCTIONS)

        from patients.visibility import register as register_visibility
        from scheduling.access import patients_of  # models can't be loaded earlier

        register_visibility(patients_of)
