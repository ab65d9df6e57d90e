"""The span of an adherence report, and what the report looks like in the API."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NoReturn

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from core.api.serializers import DateField, StrictSerializer
from exercises.constraints import EARLIEST, LATEST

LONGEST_SPAN = 366  # days


class AdherenceQuery(StrictSerializer):
    """The days to report on, first and last included; by default four weeks up to today."""

    from_ = DateField(required=False)
    to = DateField(required=False)

    def get_fields(self) -> Any:
        """`from` is a Python keyword, so the field has another name in the class."""
        return {name.rstrip("_"): field for name, field in super().get_fields().items()}

    def _refused_fields(self, data: Mapping[str, Any]) -> dict[str, list[ErrorDetail]]:
        message = str(_("There is no such parameter."))
        unknown = data.keys() - self.fields.keys()
        return {name: [ErrorDetail(message, "unknown_parameter")] for name in unknown}

    def validate(self, attrs: Any) -> Any:
        """Fill in what isn't given; the span is in this century and at most a year long."""
        last = attrs.get("to", timezone.localdate())
        if not EARLIEST <= last <= LATEST:
            _out_of_range("to", _("Give a date between 2000 and 2099."))

        first = attrs.get("from", last - timedelta(days=27))
        if not 0 <= (last - first).days <= LONGEST_SPAN:
            _out_of_range("from", _("Give a first day up to a year before the last."))

        return {"from": first, "to": last}


def _out_of_range(parameter: str, message: Any) -> NoReturn:
    raise serializers.ValidationError({parameter: [ErrorDetail(str(message), "out_of_range")]})


class WeekSerializer(serializers.Serializer[Any]):
    """A week, or the part of it in the span: `start` is its Monday or the span's first day."""

    start = serializers.DateField()
    prescribed_days = serializers.IntegerField(min_value=0, max_value=7)
    logged_days = serializers.IntegerField(min_value=0, max_value=7)


class DaySerializer(serializers.Serializer[Any]):
    """A day with logs, and their mean pain and effort."""

    date = serializers.DateField()
    logs = serializers.IntegerField(min_value=1)
    pain = serializers.FloatField(min_value=0, max_value=10)
    effort = serializers.FloatField(min_value=0, max_value=10)


class AdherenceSerializer(serializers.Serializer[Any]):
    """Days prescribed and logged by week, pain and effort by day, in the clinic's time zone."""

    weeks = WeekSerializer(many=True)
    days = DaySerializer(many=True)
