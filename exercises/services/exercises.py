"""Writes to the exercises of the clinic's library."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from core.records import mark_deleted, save_changes, save_new
from exercises.access import refuse_library
from exercises.errors import ExerciseDeleted
from exercises.models import Exercise
from tenants.context import clinic_transaction


def exercise_create(*, acting_user: User | None, **fields: Any) -> Exercise:
    """Add an exercise to the clinic's library; `fields` are the model's.

    Raises ValidationError (fields), LibraryNotPermitted, and FieldConflict when another exercise of
    the clinic has the name, in any letter case.
    """
    refuse_library(acting_user)
    exercise = Exercise(**fields)
    save_new(exercise)
    return exercise


def exercise_update(
    *, acting_user: User | None, exercise: Exercise, changes: Mapping[str, Any]
) -> Exercise:
    """Write these fields of an exercise and no others. Prescriptions keep their dose.

    Raises what `exercise_create` raises, and ExerciseDeleted.
    """
    refuse_library(acting_user)
    save_changes(
        exercise,
        changes,
        among=Exercise.objects.alive(),
        otherwise=lambda: ExerciseDeleted(exercise=exercise.pk),
    )
    return exercise


def exercise_delete(*, acting_user: User | None, exercise: Exercise) -> None:
    """Take an exercise out of the library; prescriptions that include it keep it.

    Deleting twice changes nothing. Raises LibraryNotPermitted.
    """
    refuse_library(acting_user)

    with clinic_transaction():
        mark_deleted(exercise, among=Exercise.objects.alive())
        for link in ("progression", "regression"):
            linked = Exercise.objects.filter(Q((link, exercise)))
            linked.update(**{link: None}, updated_at=timezone.now())
