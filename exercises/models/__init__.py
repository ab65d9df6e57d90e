"""Exercises, prescriptions and logs. Rows are never deleted: they are part of the record."""

from exercises.models.exercise import Exercise, ExerciseQuerySet
from exercises.models.log import ExerciseLog, ExerciseLogQuerySet
from exercises.models.prescription import (
    Prescription,
    PrescriptionItem,
    PrescriptionItemQuerySet,
    PrescriptionQuerySet,
)

__all__ = [
    "Exercise",
    "ExerciseLog",
    "ExerciseLogQuerySet",
    "ExerciseQuerySet",
    "Prescription",
    "PrescriptionItem",
    "PrescriptionItemQuerySet",
    "PrescriptionQuerySet",
]
