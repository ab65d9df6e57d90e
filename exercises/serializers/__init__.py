"""What exercises, prescriptions, logs and adherence look like in the API."""

from exercises.serializers.adherence import AdherenceQuery, AdherenceSerializer
from exercises.serializers.exercises import ExerciseSerializer
from exercises.serializers.logs import ExerciseLogSerializer
from exercises.serializers.prescriptions import (
    NewPrescriptionSerializer,
    PrescriptionChangeSerializer,
    PrescriptionSerializer,
    PrescriptionVersionSerializer,
)

__all__ = [
    "AdherenceQuery",
    "AdherenceSerializer",
    "ExerciseLogSerializer",
    "ExerciseSerializer",
    "NewPrescriptionSerializer",
    "PrescriptionChangeSerializer",
    "PrescriptionSerializer",
    "PrescriptionVersionSerializer",
]
