"""What a violated database constraint means to the caller: the field, a stable code, a status.

Each app registers its constraints by name. So a violation that only the database saw (in a race or
a bulk write) is answered like one that the serializer or the form saw.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.exceptions import FieldError as UnknownField
from django.db import IntegrityError, router
from django.utils.functional import Promise

from core.errors import Conflict, FieldError, FisioFlowError


@dataclass(frozen=True, slots=True)
class Rule:
    """The meaning of one constraint. `field` is empty for a rule of the whole object."""

    field: str
    code: str
    message: str | Promise
    status: int = 400  # or 409, if another row stands in the way


class FieldConflict(FieldError):
    """Another record has this value."""

    code = "conflict"
    status = 409


_rules: dict[str, Rule] = {}


def register(rules: Mapping[str, Rule]) -> None:
    """Add an app's rules, by constraint name (from its AppConfig.ready)."""
    _rules.update(rules)


def rule_of(constraint: str | None) -> Rule | None:
    """The rule behind a constraint's name, or None."""
    return _rules.get(constraint or "")


def refusal_of(error: IntegrityError) -> FisioFlowError:
    """The error to show for a violated constraint; Conflict if nobody registered its name.

    The server's message is not passed on: it holds the values of the row.
    """
    rule = rule_of(constraint_of(error))
    if rule is None:
        return Conflict()
    kind = FieldConflict if rule.status == Conflict.status else FieldError
    return kind(rule.field, rule.code, str(rule.message))


def constraint_of(error: IntegrityError) -> str | None:
    """The name of the constraint that PostgreSQL found violated, or None."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None)


@contextmanager
def refusals(
    refused: Callable[[IntegrityError], Exception] = refusal_of,
) -> Iterator[None]:
    """Raise what `refused` makes of an IntegrityError from the block."""
    try:
        yield
    except IntegrityError as error:
        raise refused(error) from error


class RuledModel:
    """Mixin of a model: `full_clean` reports constraints with the field and code of their rules.

    A plain class, because apps register their rules before models can be defined.
    """

    def check_rules(self) -> None:
        """Raise ValidationError for rules that no one field can check; by default there are none.

        `core.records` calls this after cleaning the fields. Constraints check the write itself.
        """

    def validate_constraints(self: Any, exclude: Collection[str] | None = None) -> None:
        """Raises ValidationError by field, or for the whole object if the field is excluded."""
        hidden = set(exclude or ())
        using = router.db_for_write(type(self), instance=self)

        errors: dict[str, list[ValidationError]] = {}
        for model_class, constraints in self.get_constraints():
            for constraint in constraints:
                try:
                    constraint.validate(model_class, self, exclude=hidden, using=using)
                except UnknownField:
                    continue  # an exclusion constraint over an excluded field (Django 5.2)
                except ValidationError as refused:
                    rule = rule_of(constraint.name) or Rule("", "", "")
                    shown = rule.field and rule.field not in hidden
                    errors.setdefault(rule.field if shown else NON_FIELD_ERRORS, []).append(
                        ValidationError(str(rule.message), code=rule.code) if rule.code else refused
                    )

        if errors:
            raise ValidationError(errors)
