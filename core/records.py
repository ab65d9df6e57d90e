"""How records are written: fields checked, constraints judged by the database, refusals in words.

Nothing asks the database about constraints before it writes: that would only race with others. What
the write breaks is raised as its rule (`core.constraints`), a FieldError or a FieldConflict.
Each write is a transaction of its own, or a savepoint in the caller's.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.db import IntegrityError, models, router, transaction
from django.utils import timezone

from core.constraints import RuledModel, refusal_of, refusals
from core.errors import Conflict, FieldNotPermitted

Record = TypeVar("Record", bound=models.Model)
Meaning = Callable[[IntegrityError], Exception]


def editable_fields(model: type[models.Model]) -> tuple[str, ...]:
    """The names of the fields that people may set: all but the key and those `editable=False`."""
    fields = model._meta.fields
    return tuple(field.name for field in fields if field.editable and not field.primary_key)


def refuse_fields(given: Iterable[str], editable: Collection[str]) -> None:
    """Raise FieldNotPermitted for the first field, by name, that isn't editable."""
    for field in sorted(set(given) - set(editable)):
        raise FieldNotPermitted(field)


def check(
    record: models.Model, *, only: Collection[str] | None = None, exclude: Collection[str] = ()
) -> None:
    """Clean the fields (`only` these if given, none of `exclude`), then call `check_rules`.

    Raises ValidationError by field.
    """
    left_out = set(exclude)
    if only is not None:
        left_out |= {field.name for field in record._meta.fields} - set(only)

    record.full_clean(exclude=left_out, validate_unique=False, validate_constraints=False)
    if isinstance(record, RuledModel):
        record.check_rules()


def save_new(record: models.Model, *, exclude: Collection[str] = (), durable: bool = False) -> None:
    """Check all fields except `exclude`, then insert. Raises what `check` and `insert` raise."""
    check(record, exclude=exclude)
    insert(record, durable=durable)


def insert(record: models.Model, *, durable: bool = False, refused: Meaning = refusal_of) -> None:
    """Insert a checked record. Raises what `refused` makes of a violated constraint.

    `durable`: raises RuntimeError inside a caller's transaction, which might be rolled back.
    """
    with refusals(refused), _transaction(record, durable=durable):
        record.save(force_insert=True)


def insert_all(records: Sequence[Record]) -> list[Record]:
    """Insert checked records of one model, all or none. Raises the error of the violated rule."""
    if not records:
        return []
    with refusals(), _transaction(records[0]):
        return type(records[0])._default_manager.bulk_create(records)


def save_changes(
    record: models.Model,
    changes: Mapping[str, Any],
    *,
    editable: Collection[str] | None = None,
    among: models.QuerySet[Any] | None = None,
    otherwise: Callable[[], Exception] = Conflict,
) -> None:
    """Write these fields of the row and no others; does nothing without changes.

    In this order: refuse fields that aren't `editable` (by default, what the model lets people
    set); set the fields; in one transaction lock the row if it is still `among` these rows, or
    raise `otherwise()`; check the changed fields; save them with `updated_at`.
    Raises FieldNotPermitted, and what `check` and `insert` raise.
    """
    refuse_fields(changes, editable_fields(type(record)) if editable is None else editable)
    if not changes:
        return
    _set(record, changes)

    with refusals(), _transaction(record):
        # The row lock makes changing and deleting take turns.
        if among is not None and not among.select_for_update(no_key=True).filter(pk=record.pk):
            raise otherwise()
        check(record, only=changes.keys())
        record.save(update_fields=[*changes, "updated_at"])


def swap(
    record: models.Model,
    changes: Mapping[str, Any],
    *,
    among: models.QuerySet[Any],
    otherwise: Callable[[], Exception],
    refused: Meaning = refusal_of,
) -> None:
    """Write checked changes in one UPDATE, if the row is still `among` these rows.

    If it isn't, somebody was faster: raises `otherwise()`. Then sets the fields and `updated_at` of
    `record`. Raises what `refused` makes of a violated constraint.
    """
    written = {**changes, "updated_at": timezone.now()}
    with refusals(refused), _transaction(record):
        if not among.filter(pk=record.pk).update(**written):
            raise otherwise()

    _set(record, written)


def mark_deleted(record: models.Model, *, among: models.QuerySet[Any], **also: Any) -> None:
    """Set `deleted_at`, and the fields of `also`, if the row is still `among` these rows.

    The row is kept, and `record` stays as it was read. Doing it twice changes nothing.
    """
    now = timezone.now()
    among.filter(pk=record.pk).update(deleted_at=now, updated_at=now, **also)


def _set(record: models.Model, values: Mapping[str, Any]) -> None:
    for field, value in values.items():
        setattr(record, field, value)


def _transaction(record: models.Model, *, durable: bool = False) -> transaction.Atomic:
    return transaction.atomic(using=router.db_for_write(type(record)), durable=durable)
