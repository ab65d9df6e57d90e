"""Filters of the agenda's lists."""

from django_filters import ChoiceFilter, FilterSet

from core.api.filters import (
    DayFilter,
    FromToFilterSet,
    KeyFilter,
    MomentFilter,
    SearchFilter,
)
from scheduling.models import Appointment, AppointmentQuerySet
from scheduling.states import Status


class AppointmentFilter(FromToFilterSet):
    """`from` and `to` select the appointments that overlap the time between them."""

    q = SearchFilter(method="search", label="Words of the patient's name, or a CPF.")
    patient = KeyFilter(field_name="patient_id")
    therapist = KeyFilter(field_name="therapist_id")
    room = KeyFilter(field_name="room_id")
    series = KeyFilter(field_name="series_id")
    status = ChoiceFilter(choices=Status.choices)
    from_ = MomentFilter(field_name="end_time", lookup_expr="gt")
    to = MomentFilter(field_name="start_time", lookup_expr="lt")

    class Meta:
        model = Appointment
        fields: tuple[str, ...] = ()

    def search(self, found: AppointmentQuerySet, name: str, text: str) -> AppointmentQuerySet:
        """Filter by `q`."""
        return found.search(text)


class TherapistFilter(FilterSet):  # type: ignore[misc]
    """Filters by therapist."""

    therapist = KeyFilter(field_name="therapist_id")


class SeriesFilter(TherapistFilter):
    """Filters by therapist and patient."""

    patient = KeyFilter(field_name="patient_id")


class ExceptionFilter(FromToFilterSet):
    """`from` and `to` are days, both included."""

    therapist = KeyFilter(field_name="therapist_id")
    from_ = DayFilter(field_name="day", lookup_expr="gte")
    to = DayFilter(field_name="day", lookup_expr="lte")


class ClosureFilter(FromToFilterSet):
    """`from` and `to` (both included) select the closures that overlap the days between them."""

    from_ = DayFilter(field_name="last_day", lookup_expr="gte")
    to = DayFilter(field_name="first_day", lookup_expr="lte")
