"""How the agenda's plain records are written: rooms, hours, exceptions, closures, series."""

from collections.abc import Mapping
from typing import Any

from django.db import router, transaction

from core.constraints import refusals
from scheduling.models.checked import CheckedModel


def save_new(record: CheckedModel) -> None:
    """Check and insert. Raises ValidationError, FieldError or FieldConflict by the broken rule."""
    record.full_clean(validate_unique=False, validate_constraints=False)
    record.check_rules()
    with refusals(), transaction.atomic(using=router.db_for_write(type(record))):
        record.save(force_insert=True)


def save_changes(record: CheckedModel, changes: Mapping[str, Any]) -> None:
    """Set, check and write these fields and no others of the row. Raises like `save_new`."""
    if not changes:
        return
    for field, value in changes.items():
        setattr(record, field, value)
    unchanged = {field.name for field in record._meta.fields} - changes.keys()
    record.full_clean(exclude=unchanged, validate_unique=False, validate_constraints=False)
    record.check_rules()
    with refusals(), transaction.atomic(using=router.db_for_write(type(record))):
        record.save(update_fields=[*changes, "updated_at"])
