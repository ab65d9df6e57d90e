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
    """`from` and `to` bound the time that an appointment takes any part of."""

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
        """The method of `q`."""
        return found.search(text)


class TherapistFilter(FilterSet):  # type: ignore[misc]
    """By whose they are."""

    therapist = KeyFilter(field_name="therapist_id")


class SeriesFilter(TherapistFilter):
    """By whose they are."""

    patient = KeyFilter(field_name="patient_id")


class ExceptionFilter(FromToFilterSet):
    """`from` and `to` are days, both within."""

    therapist = KeyFilter(field_name="therapist_id")
    from_ = DayFilter(field_name="day", lookup_expr="gte")
    to = DayFilter(field_name="day", lookup_expr="lte")


class ClosureFilter(FromToFilterSet):
    """`from` and `to` bound the days that a closure takes any of."""

    from_ = DayFilter(field_name="last_day", lookup_expr="gte")
    to = DayFilter(field_name="first_day", lookup_expr="lte")
