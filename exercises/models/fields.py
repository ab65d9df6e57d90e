"""Fields with bounds, and how a model refuses by a constraint's rule."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models

from exercises.constraints import RULES
from patients.validators import validate_text


def count_field(label: Any, bounds: tuple[int, int], **options: Any) -> Any:
    """A small whole number between the bounds, both included."""
    limits = [MinValueValidator(bounds[0]), MaxValueValidator(bounds[1])]
    return models.SmallIntegerField(label, validators=limits, **options)


def text_field(label: Any, length: int, **options: Any) -> Any:
    """Text of at most `length` characters."""
    limits: list[Any] = [MaxLengthValidator(length), validate_text]
    return models.TextField(label, max_length=length, validators=limits, **options)


def refuse(constraint: str) -> None:
    """Raise the ValidationError that the constraint's rule describes."""
    rule = RULES[constraint]
    raise ValidationError({rule.field: ValidationError(str(rule.message), code=rule.code)})
