"""What a prescription looks like in the API, and how it is written."""

from typing import Any, ClassVar

from rest_framework import serializers

from core.api.serializers import StrictModelSerializer
from exercises.constraints import DOSE, MAX_ITEMS
from exercises.models import Exercise, Prescription, PrescriptionItem
from exercises.serializers.exercises import ExerciseField
from exercises.states import PrescriptionStatus
from patients.models import Patient
from patients.serializers import PatientField


class PrescribedExerciseSerializer(StrictModelSerializer):
    """What a patient needs to know to do an exercise."""

    class Meta:
        model = Exercise
        fields: ClassVar = [
            "id",
            "name",
            "body_region",
            "goal",
            "instructions",
            "contraindications",
            "media_url",
        ]
        read_only_fields: ClassVar = fields


class ItemSerializer(StrictModelSerializer):
    """An exercise of a prescription, with its dose."""

    exercise = PrescribedExerciseSerializer(read_only=True)

    class Meta:
        model = PrescriptionItem
        fields: ClassVar = ["id", "position", "exercise", *DOSE, "comment"]
        read_only_fields: ClassVar = fields


class NewItemSerializer(StrictModelSerializer):
    """An exercise to prescribe; a dose that isn't given is the exercise's default."""

    exercise = ExerciseField()

    class Meta:
        model = PrescriptionItem
        fields: ClassVar = ["exercise", *DOSE, "comment"]
        extra_kwargs: ClassVar = {name: {"required": False} for name in DOSE}


def _new_items(*, required: bool = True) -> serializers.ListSerializer[Any]:
    return serializers.ListSerializer(
        child=NewItemSerializer(), required=required, allow_empty=False, max_length=MAX_ITEMS
    )


class PrescriptionSerializer(StrictModelSerializer):
    """A prescription to read. `closed_on` is the first day on which it no longer applies."""

    patient = serializers.PrimaryKeyRelatedField[Patient](read_only=True)
    patient_name = serializers.CharField(source="patient.name", read_only=True)
    items = ItemSerializer(many=True, read_only=True)

    class Meta:
        model = Prescription
        fields: ClassVar = [
            "id",
            "patient",
            "patient_name",
            "therapist",
            "therapist_name",
            "therapist_crefito",
            "start_date",
            "end_date",
            "status",
            "closed_on",
            "notes",
            "items",
            "version",
            "replaces",
            "created_at",
            "updated_at",
        ]
        read_only_fields: ClassVar = fields


class NewPrescriptionSerializer(StrictModelSerializer):
    """A new prescription. The items come in the order to do them."""

    patient = PatientField()
    items = _new_items()

    class Meta:
        model = Prescription
        fields: ClassVar = ["patient", "start_date", "end_date", "notes", "items"]


class PrescriptionChangeSerializer(StrictModelSerializer):
    """A change of a prescription; `items` replaces all of them."""

    items = _new_items(required=False)
    status = serializers.ChoiceField(choices=PrescriptionStatus.choices, required=False)

    class Meta:
        model = Prescription
        fields: ClassVar = ["start_date", "end_date", "notes", "items", "status"]
        # Field by field: `partial` would make an item's required fields optional, too.
        extra_kwargs: ClassVar = {"start_date": {"required": False}}


class PrescriptionVersionSerializer(StrictModelSerializer):
    """What changes in a new version; what isn't given is copied from the old one."""

    items = _new_items(required=False)

    class Meta:
        model = Prescription
        fields: ClassVar = ["end_date", "notes", "items"]
