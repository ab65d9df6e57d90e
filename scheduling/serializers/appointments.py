"""What an appointment looks like in the API, depending on the reader's role."""

from typing import Any, ClassVar

from rest_framework import serializers

from accounts.serializers import ByRoleSerializer
from core.api.serializers import RelatedField
from patients.serializers import PatientField, PersonField
from scheduling import access
from scheduling.models import Appointment, Room
from scheduling.states import Status


class RoomField(RelatedField):
    """The id of a room that takes appointments."""

    def get_queryset(self) -> Any:
        """Built for each request: a queryset belongs to the clinic that it was built in."""
        return Room.objects.filter(active=True)


class AppointmentSerializer(ByRoleSerializer):
    """An appointment to read or to book. Only clinicians see `notes`."""

    access: ClassVar = access
    patient = PatientField()
    patient_name = serializers.CharField(source="patient.name", read_only=True)
    therapist = PersonField()
    therapist_name = serializers.CharField(source="therapist.full_name", read_only=True)
    room = RoomField(required=False, allow_null=True)
    status = serializers.ChoiceField(choices=Status.choices, read_only=True)

    class Meta:
        model = Appointment
        fields: ClassVar = [
            "id",
            "patient",
            "patient_name",
            "therapist",
            "therapist_name",
            "start_time",
            "end_time",
            "room",
            "group",
            "status",
            "notes",
            "series",
            "position",
            "created_at",
            "updated_at",
        ]
        read_only_fields: ClassVar = ["id", "series", "position", "created_at", "updated_at"]
        validators: ClassVar[list[Any]] = []  # the series numbers its sessions


class AppointmentUpdateSerializer(AppointmentSerializer):
    """A change of an appointment: the status may change, the patient may not."""

    patient = PatientField(read_only=True)
    status = serializers.ChoiceField(choices=Status.choices)
