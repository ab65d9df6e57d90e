"""Exercises, prescriptions, logs and adherence over HTTP."""

from exercises.views.adherence import AdherenceView
from exercises.views.exercises import ExerciseViewSet
from exercises.views.logs import ExerciseLogViewSet
from exercises.views.prescriptions import PrescriptionViewSet

__all__ = ["AdherenceView", "ExerciseLogViewSet", "ExerciseViewSet", "PrescriptionViewSet"]
