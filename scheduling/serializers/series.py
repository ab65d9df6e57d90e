"""What series look like in the API, and how they are booked and changed."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from rest_framework import serializers

from core.api.serializers import (
    BooleanField,
    ClockField,
    IntegerField,
    RelatedField,
    StrictModelSerializer,
    StrictSerializer,
)
from patients.serializers import PatientField, PersonField
from scheduling.models import Appointment, Series
from scheduling.serializers.appointments import AppointmentSerializer, RoomField
from scheduling.services import SeriesScope


class SeriesSerializer(StrictModelSerializer):
    """The rule of a series: `count` sessions on these weekdays (0 is Monday), or all up to `until`.

    `start` is on the clinic's clock, `length` is in minutes.
    """

    patient = PatientField()
    therapist = PersonField()
    room = RoomField(required=False, allow_null=True)
    weekdays = serializers.ListField(
        child=IntegerField(min_value=0, max_value=6), min_length=1, max_length=7
    )

    class Meta:
        model = Series
        fields: ClassVar = [
            "id",
            "patient",
            "therapist",
            "room",
            "group",
            "first_day",
            "weekdays",
            "start",
            "length",
            "count",
            "until",
            "skip_closed",
            "created_at",
            "updated_at",
        ]
        read_only_fields: ClassVar = ["id", "created_at", "updated_at"]


class SeriesBookSerializer(SeriesSerializer):
    """The rule of a series to book. `skip` books the free sessions and lists the rest."""

    on_conflict = serializers.ChoiceField(choices=["refuse", "skip"], default="refuse")

    class Meta(SeriesSerializer.Meta):
        fields: ClassVar = [*SeriesSerializer.Meta.fields, "on_conflict"]


class _TimesSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    start_time = serializers.DateTimeField()
    end_time = serializers.DateTimeField()


class ConflictSerializer(serializers.Serializer[Any]):
    """Who or what is busy; `conflicts` are the appointments in the way that the reader may see."""

    field = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()
    conflicts = _TimesSerializer(many=True)


class SessionSerializer(serializers.Serializer[Any]):
    """A wanted session, and its conflicts."""

    position = serializers.IntegerField(source="appointment.position")
    start_time = serializers.DateTimeField(source="appointment.start_time")
    end_time = serializers.DateTimeField(source="appointment.end_time")
    conflicts = ConflictSerializer(many=True)


class ClosedDaySerializer(serializers.Serializer[Any]):
    """A day that the series skips."""

    day = serializers.DateField(source="*")
    reason = serializers.CharField(source="*")

    def to_representation(self, instance: tuple[Any, str]) -> dict[str, Any]:
        """The day and its reason, from a pair."""
        day, reason = instance
        return {"day": day.isoformat(), "reason": reason}


class SeriesPreviewSerializer(serializers.Serializer[Any]):
    """The sessions that a series would have."""

    sessions = SessionSerializer(many=True)
    closed = ClosedDaySerializer(many=True)


class SeriesBookedSerializer(serializers.Serializer[Any]):
    """A booked series; the `skipped` sessions were not booked."""

    series = SeriesSerializer()
    appointments = AppointmentSerializer(many=True)
    skipped = SessionSerializer(many=True)
    closed = ClosedDaySerializer(many=True)


class _SessionField(RelatedField):
    def get_queryset(self) -> Any:
        """The sessions of the series that the person may see."""
        sessions = Appointment.objects.alive().filter(series=self.context.get("series"))
        return sessions.visible_to(self.context["request"].user)


class SeriesChangeSerializer(StrictSerializer):
    """Which sessions change, and how: another time of day, therapist or room; or `cancel`.

    `appointment` is the session that `this` and `following` count from; `all` needs none.
    """

    scope = serializers.ChoiceField(choices=SeriesScope.choices)
    appointment = _SessionField(required=False)
    start = ClockField(required=False)
    therapist = PersonField(required=False)
    room = RoomField(required=False, allow_null=True)
    cancel = BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check that there is a session to count from, and either a cancellation or a move."""
        if (attrs["scope"] == SeriesScope.ALL) == ("appointment" in attrs):
            message = _("Name the session unless the change is for all.")
            raise serializers.ValidationError({"appointment": message}, code="scope_mismatch")

        moves = attrs.keys() & {"start", "therapist", "room"}
        if bool(moves) == attrs.get("cancel", False):
            message = _("Either cancel the sessions or move them.")
            raise serializers.ValidationError(message, code="cancel_or_move")

        return attrs


class SeriesChangedSerializer(serializers.Serializer[Any]):
    """The changed sessions, as they are now."""

    changed = AppointmentSerializer(many=True)
