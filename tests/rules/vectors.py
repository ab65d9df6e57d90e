"""Reads `rules/*.json` and runs one case against one layer.

A case has `input` (changes to the entity's valid `base`), and `field` and `code` when it must be
refused. `stored` is the form in which an accepted input is kept. A layer that has no say is named
in `silent` with the reason; one that words the refusal differently, in `differs`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, models, transaction
from django.utils.dateparse import parse_date, parse_datetime
from rest_framework import exceptions

from core.api.errors import errors_of
from core.constraints import refusal_of
from core.errors import FieldError
from tenants.context import current_clinic

RULES = Path(__file__).parents[2] / "rules"
LAYERS = ["api", "model", "database"]
Refusal = tuple[str, str] | None  # field and code; None: accepted


@dataclass(frozen=True)
class Case:
    """One line of a vector file."""

    entity: str
    name: str
    values: dict[str, Any]
    stored: dict[str, Any]
    expected: Refusal
    silent: dict[str, str]
    differs: dict[str, dict[str, str]]

    def expected_of(self, layer: str) -> Refusal:
        """What this layer must say."""
        if self.expected is None:
            return None
        own = self.differs.get(layer, {})
        return own.get("field", self.expected[0]), own.get("code", self.expected[1])


def cases() -> list[Case]:
    """Every case of every file."""
    return [case for path in sorted(RULES.glob("*.json")) for case in _cases_of(path)]


def _cases_of(path: Path) -> list[Case]:
    document = json.loads(path.read_text(encoding="utf-8"))
    found = []

    for line in document["cases"]:
        values = document["base"] | line.get("input", {})
        for missing in line.get("without", []):
            del values[missing]

        refused = (line["field"], line["code"]) if "code" in line else None
        found.append(
            Case(
                entity=path.stem,
                name=line["name"],
                values=values,
                stored=values | line.get("stored", {}),
                expected=refused,
                silent=line.get("silent", {}),
                differs=line.get("differs", {}),
            )
        )

    return found


def by_api(draft: Callable[[], object]) -> Refusal:
    """What the serializer says, and the service's draft after it."""
    return _first(draft)


def by_model(instance: models.Model) -> Refusal:
    """What `full_clean` says of field rules; constraints are the next layer's."""
    return _first(lambda: instance.full_clean(validate_unique=False, validate_constraints=False))


def by_database(instance: models.Model) -> Refusal:
    """What PostgreSQL says of a row that wasn't checked before."""
    using = current_clinic().shard
    try:
        with transaction.atomic(using=using):
            type(instance)._base_manager.bulk_create([instance])
    except IntegrityError as error:
        refusal = refusal_of(error)
        if not isinstance(refusal, FieldError):
            raise  # a constraint without a registered rule
        return refusal.field, refusal.field_code
    except DataError:
        return "", "data_error"

    return None


def python_value(field: "models.Field[Any, Any]", value: Any) -> Any:
    """The Python value of a JSON value; a text that can't be read stays text."""
    if isinstance(value, str) and isinstance(field, models.DateTimeField):
        return parse_datetime(value) or value

    if isinstance(value, str) and isinstance(field, models.DateField):
        try:
            return parse_date(value) or value
        except ValueError:
            return value

    return value


def _first(check: Callable[[], object]) -> Refusal:
    try:
        check()
    except (exceptions.ValidationError, ValidationError, FieldError) as error:
        path, code, _ = next(iter(errors_of(error)))
        return ".".join(map(str, path)), code
    return None
