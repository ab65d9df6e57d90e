"""Everything that can happen to the clinic's library of exercises."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import router, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models import User
from core.constraints import refusals
from exercises.access import refuse_library
from exercises.errors import ExerciseDeleted
from exercises.library import library_exercises
from exercises.models import Exercise


def exercise_create(*, acting_user: User | None, **fields: Any) -> Exercise:
    """A new exercise of the clinic's library; `fields` are the model's.

    Raises ValidationError (fields), LibraryNotPermitted, or FieldConflict when another exercise of
    the clinic has the name, whatever its letter case.
    """
    refuse_library(acting_user)
    exercise = Exercise(**fields)
    _save(exercise)
    return exercise


def exercise_update(
    *, acting_user: User | None, exercise: Exercise, changes: Mapping[str, Any]
) -> Exercise:
    """Changes fields of an exercise, and nothing else of the row.

    What was prescribed keeps its dose. Raises like `exercise_create`, and ExerciseDeleted.
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
    """Takes an exercise out of the library; prescriptions that have it keep it.

    Deleting twice changes nothing. Raises LibraryNotPermitted.
    """
    refuse_library(acting_user)
    now = timezone.now()
    with _transaction():
        Exercise.objects.alive().filter(pk=exercise.pk).update(deleted_at=now, updated_at=now)
        for link in ("progression", "regression"):
            linked = Exercise.objects.filter(Q((link, exercise)))
            linked.update(**{link: None}, updated_at=now)


def library_load(*, language: str = "pt_BR") -> int:
    """Copy FisioFlow's own exercises into the clinic; returns how many were new.

    The copies are the clinic's: what it renamed, changed or deleted stays so, and an exercise whose
    name it already uses is left out. Two queries, whatever the number.
    """
    known = list(Exercise.objects.annotate(key=Lower("name")).values("library_code", "key"))
    codes = {row["library_code"] for row in known}
    names = {row["key"] for row in known}
    new = {
        entry.code: (entry, Exercise(**entry.fields, library_code=entry.code))
        for entry in library_exercises(language)
        if entry.code not in codes and entry.fields["name"].lower() not in names
    }
    for entry, exercise in new.values():
        exercise.progression_id = new[entry.progression][1].pk if entry.progression in new else None
        exercise.regression_id = new[entry.regression][1].pk if entry.regression in new else None
        # The links point to rows that come with the same statement.
        exercise.full_clean(validate_unique=False, validate_constraints=False, exclude=_LINKS)
    with refusals(), _transaction():
        Exercise.objects.bulk_create([exercise for _entry, exercise in new.values()])
    return len(new)


_LINKS = {"progression", "regression"}


def _transaction() -> transaction.Atomic:
    return transaction.atomic(using=router.db_for_write(Exercise))


def _save(exercise: Exercise, *, exclude: Collection[str] = (), **options: Any) -> None:
    # Constraints are the database's to judge: asking it first would only race with others.
    exercise.full_clean(exclude=exclude, validate_unique=False, validate_constraints=False)
    with refusals(), _transaction():
        exercise.save(**options)
