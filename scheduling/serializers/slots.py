"""The query for free slots, and what slots look like in the API."""

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from accounts.models import Role, User
from core.api.serializers import DateField, StrictSerializer
from patients.serializers import PersonField
from scheduling.constraints.hours import EARLIEST, LATEST
from scheduling.constraints.series import LONGEST_MINUTES, SHORTEST_MINUTES

MOST_DAYS = 31


class TherapistField(PersonField):
    """The id of an active therapist; patients may only name their own."""

    def get_queryset(self) -> Any:
        """The therapists whose free slots the person may see."""
        found = User.objects.filter(role=Role.THERAPIST, is_active=True)
        asking = getattr(self.context.get("request"), "user", None)
        if isinstance(asking, User) and asking.role == Role.PATIENT:
            found = found.filter(patients__user=asking, patients__deleted_at=None)
        return found


class SlotQuerySerializer(StrictSerializer):
    """`from` and `to` are days of the clinic, both included; `length` is in minutes."""

    therapist = TherapistField(help_text="A therapist; patients may only name their own.")
    from_ = DateField(help_text="The first day.")
    to = DateField(help_text="The last day, at most 31 days in all.")
    length = serializers.IntegerField(
        min_value=SHORTEST_MINUTES, max_value=LONGEST_MINUTES, help_text="In minutes."
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`from` is a Python keyword, so the field has another name in the class."""
        return {name.rstrip("_"): field for name, field in super().get_fields().items()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check that the days are in order, not too many, and in this century."""
        first, last = attrs["from"], attrs["to"]

        if not EARLIEST <= first <= LATEST:
            message = _("Give a date between 2000 and 2099.")
            raise serializers.ValidationError({"from": message}, code="out_of_range")
        if last < first:
            message = _("The last day can't be before the first.")
            raise serializers.ValidationError({"to": message}, code="end_before_start")
        if last - first >= timedelta(days=MOST_DAYS):
            message = _("Ask for at most 31 days.")
            raise serializers.ValidationError({"to": message}, code="too_many_days")

        return attrs


class SlotSerializer(serializers.Serializer[Any]):
    """Free from `start_time` up to but not including `end_time`."""

    start_time = serializers.DateTimeField(source="start")
    end_time = serializers.DateTimeField(source="end")


class SlotListSerializer(serializers.Serializer[Any]):
    """The slots in order; they may overlap each other, but no appointment."""

    slots = SlotSerializer(many=True)
