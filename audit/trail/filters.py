"""The filters of the trail, for the API, the admin and the command."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django_filters import CharFilter, ChoiceFilter
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError

from audit.capture.histories import histories
from audit.events.models import EventKind
from audit.trail.entries import Change
from audit.trail.feed import Trail
from core.api.filters import FromToFilterSet, KeyFilter
from core.api.serializers import DateField, MomentField

KINDS = [*Change.choices, *EventKind.choices]
_REQUEST_ID = r"^[A-Za-z0-9._-]{1,64}$"
_DAY_LENGTH = 10  # characters of 2026-03-02


def tables() -> list[tuple[str, Any]]:
    """The tracked tables, each with its name for people."""
    return [
        (table, history.instance_type._meta.verbose_name_plural)
        for table, history in histories().items()
    ]


class MomentOrDayField(forms.Field):
    """A date-time with its offset, or a day on the clinic's clock, which means its start or end."""

    def __init__(self, *, end_of_day: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.end_of_day = end_of_day

    def to_python(self, value: Any) -> datetime | None:
        """The moment. Raises forms.ValidationError for anything else."""
        if not value:
            return None

        try:
            if len(value) > _DAY_LENGTH:
                moment: datetime = MomentField().run_validation(value)
                return moment
            return self._of_day(DateField().run_validation(value))
        except ValidationError as error:
            (detail,) = error.detail
            code = getattr(detail, "code", "invalid")
            raise forms.ValidationError(str(detail), code=code) from error

    def _of_day(self, day: date) -> datetime:
        if self.end_of_day:
            if day == date.max:
                return datetime.max.replace(tzinfo=UTC)
            day += timedelta(days=1)
        return timezone.make_aware(datetime.combine(day, time()))


@extend_schema_field(
    {
        "anyOf": [
            {"type": "string", "format": "date-time"},
            {"type": "string", "format": "date"},
        ]
    }
)
class MomentOrDayFilter(CharFilter):  # type: ignore[misc]
    """Filters by a MomentOrDayField."""

    field_class = MomentOrDayField


@extend_schema_field({"type": "string", "pattern": _REQUEST_ID})
class RequestFilter(CharFilter):  # type: ignore[misc]
    """Filters by the id of a request."""

    field_class = forms.RegexField


class TrailFilter(FromToFilterSet):
    """The filters; `qs` is a Trail."""

    from_ = MomentOrDayFilter(label="A moment or a day, included.", end_of_day=False)
    to = MomentOrDayFilter(label="A moment (not included) or a day (included).", end_of_day=True)
    user = KeyFilter(label="Who did it.")
    kind = ChoiceFilter(label="What was done, or which event.", choices=KINDS)
    table = ChoiceFilter(label="Of which table.", choices=tables())
    record = KeyFilter(label="Which object.")
    patient = KeyFilter(label="Whose chart.")
    request = RequestFilter(label="All that one request did.", regex=_REQUEST_ID)

    class Meta:
        fields: tuple[str, ...] = ()

    names: ClassVar = {"from": "since", "to": "until"}

    def filter_queryset(self, queryset: Any) -> Trail:
        """The trail with the form's filters, which must be valid."""
        given = self.form.cleaned_data.items()
        filters = {self.names.get(k, k): v for k, v in given if v not in (None, "")}
        return Trail(**{name: filters[name] for name in Trail.FILTERS if name in filters})


class ExportFilter(TrailFilter):
    """The same filters, and the format of the file."""

    format = ChoiceFilter(required=True, choices=[("csv", "CSV"), ("jsonl", "JSON Lines")])
