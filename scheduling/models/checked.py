"""The base of the agenda's tables, except appointments: it checks the CHECKs before it writes."""

from django.core.exceptions import ValidationError
from django.db import models, router

from core.constraints import RuledModel, rule_of
from tenants.clinic_model import ClinicModel


class CheckedModel(RuledModel, ClinicModel):
    """`check_rules` asks the database about each CHECK of the table before anything is written.

    Exclusion and unique constraints are left to the write: asking first would only race.
    """

    class Meta:
        abstract = True

    def check_rules(self) -> None:
        """Raise ValidationError by field, with the codes of the broken rules."""
        errors: dict[str, list[ValidationError]] = {}
        using = router.db_for_write(type(self), instance=self)

        for constraint in self._meta.constraints:
            if not isinstance(constraint, models.CheckConstraint):
                continue
            try:
                constraint.validate(type(self), self, using=using)
            except ValidationError:
                rule = rule_of(constraint.name)
                if rule is None:
                    raise
                error = ValidationError(str(rule.message), code=rule.code)
                errors.setdefault(rule.field, []).append(error)

        if errors:
            raise ValidationError(errors)
