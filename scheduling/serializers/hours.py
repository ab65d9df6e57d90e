"""What working hours, their exceptions and closures look like in the API."""

from typing import ClassVar

from core.api.serializers import IntegerField, StrictModelSerializer, TextField
from patients.serializers import PersonField
from scheduling.constraints.hours import REASON_LENGTH
from scheduling.models import Closure, HoursException, WorkingHours
from scheduling.serializers.rooms import printable

_GIVEN: list[str] = ["id", "created_at", "updated_at"]


class HoursSerializer(StrictModelSerializer):
    """A therapist's hours on one weekday (0 is Monday), without limit unless days are given."""

    therapist = PersonField()
    weekday = IntegerField(min_value=0, max_value=6)

    class Meta:
        model = WorkingHours
        fields: ClassVar = [
            "id",
            "therapist",
            "weekday",
            "start",
            "end",
            "valid_from",
            "valid_until",
            "created_at",
            "updated_at",
        ]
        read_only_fields: ClassVar = _GIVEN


class HoursUpdateSerializer(HoursSerializer):
    """A change of hours; the therapist can't change."""

    therapist = PersonField(read_only=True)


class ExceptionSerializer(StrictModelSerializer):
    """A therapist's day that differs from its weekday: a period, or a day off without times."""

    therapist = PersonField()

    class Meta:
        model = HoursException
        fields: ClassVar = ["id", "therapist", "day", "start", "end", "created_at", "updated_at"]
        read_only_fields: ClassVar = _GIVEN


class ExceptionUpdateSerializer(ExceptionSerializer):
    """A change of an exception; the therapist can't change."""

    therapist = PersonField(read_only=True)


class ClosureSerializer(StrictModelSerializer):
    """Days on which the clinic is closed, first and last included."""

    reason = TextField(max_length=REASON_LENGTH, validators=[printable])

    class Meta:
        model = Closure
        fields: ClassVar = ["id", "first_day", "last_day", "reason", "created_at", "updated_at"]
        read_only_fields: ClassVar = _GIVEN
