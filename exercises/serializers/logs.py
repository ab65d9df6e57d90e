"""What an exercise log looks like in the API."""

from typing import Any, ClassVar

from rest_framework import serializers

from core.api.serializers import RelatedField, StrictModelSerializer, UUIDField
from exercises.models import ExerciseLog, PrescriptionItem


class ItemField(RelatedField):
    """The id of an item of one of the patient's own prescriptions."""

    def get_queryset(self) -> Any:
        """The items of the signed-in patient."""
        return PrescriptionItem.objects.loggable_by(self.context["request"].user)


class ExerciseLogSerializer(StrictModelSerializer):
    """What a patient did. The phone makes the id, so it can safely send a log twice."""

    id = UUIDField()
    item = ItemField()
    prescription = serializers.UUIDField(source="item.prescription_id", read_only=True)
    patient = serializers.UUIDField(source="item.prescription.patient_id", read_only=True)

    class Meta:
        model = ExerciseLog
        fields: ClassVar = [
            "id",
            "item",
            "prescription",
            "patient",
            "done_at",
            "sets",
            "repetitions",
            "pain",
            "effort",
            "comment",
            "created_at",
        ]
        read_only_fields: ClassVar = ["created_at"]
