"""Writes to the exercises of the clinic's library."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import router, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from core.constraints import refusals
from exercises.access import refuse_library
from exercises.errors import ExerciseDeleted
from exercises.models import Exercise


def exercise_create(*, acting_user: User | None, **fields: Any) -> Exercise:
    """Add an exercise to the clinic's library; `fields` are the model's.

    Raises ValidationError (fields), LibraryNotPermitted, or FieldConflict when another exercise of
    the clinic has the name in any letter case.
    """
    refuse_library(acting_user)
    exercise = Exercise(**fields)
    _save(exercise)
    return exercise


def exercise_update(
    *, acting_user: User | None, exercise: Exercise, changes: Mapping[str, Any]
) -> Exercise:
    """Write these fields of an exercise and no others. What was prescribed keeps its dose.

    Raises like `exercise_create`, and ExerciseDeleted.
    """
    refuse_library(acting_user)
    if not changes:
        return exercise

    for field, value in changes.items():
        setattr(exercise, field, value)

    with _transaction():
        # Deleted since it was read: the row lock makes this and `exercise_delete` take turns.
        if not Exercise.objects.alive().select_for_update(no_key=True).filter(pk=exercise.pk):
            raise ExerciseDeleted(exercise=exercise.pk)
        unchanged = {field.name for field in Exercise._meta.fields} - changes.keys()
        _save(exercise, exclude=unchanged, update_fields=[*changes, "updated_at"])

    return exercise


def exercise_delete(*, acting_user: User | None, exercise: Exercise) -> None:
    """Take an exercise out of the library; prescriptions that include it keep it.

    Deleting twice changes nothing. Raises LibraryNotPermitted.
    """
    refuse_library(acting_user)
    now = timezone.now()

    with _transaction():
        Exercise.objects.alive().filter(pk=exercise.pk).update(deleted_at=now, updated_at=now)
        for link in ("progression", "regression"):
            linked = Exercise.objects.filter(Q((link, exercise)))
            linked.update(**{link: None}, updated_at=now)


def _transaction() -> transaction.Atomic:
    return transaction.atomic(using=router.db_for_write(Exercise))


def _save(exercise: Exercise, *, exclude: Collection[str] = (), **options: Any) -> None:
    # Constraints are the database's to judge: asking it first would only race with others.
    exercise.full_clean(exclude=exclude, validate_unique=False, validate_constraints=False)
    with refusals(), _transaction():
        exercise.save(**options)
