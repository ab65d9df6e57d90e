"""Filters of the list of appointments."""

from typing import Any

from django_filters import ChoiceFilter, FilterSet

from fisioflow.api.filters import KeyFilter, MomentFilter, SearchFilter
from scheduling.models import Appointment, AppointmentQuerySet
from scheduling.states import Status


class AppointmentFilter(FilterSet):  # type: ignore[misc]
    """`from` and `to` bound the time that an appointment takes any part of."""

    q = SearchFilter(method="search", label="Words of the patient's name, or a CPF.")
    patient = KeyFilter(field_name="patient_id")
    therapist = KeyFilter(field_name="therapist_id")
    status = ChoiceFilter(choices=Status.choices)
    from_ = MomentFilter(field_name="end_time", lookup_expr="gt")
    to = MomentFilter(field_name="start_time", lookup_expr="lt")

    class Meta:
        model = Appointment
        fields: tuple[str, ...] = ()

    @classmethod
    def get_filters(cls) -> dict[str, Any]:
        """`from` is a word of Python's, so its filter has another name in the class."""
        return {name.rstrip("_"): one for name, one in super().get_filters().items()}

    def search(self, found: AppointmentQuerySet, name: str, text: str) -> AppointmentQuerySet:
        """The method of `q`."""
        return found.search(text)
