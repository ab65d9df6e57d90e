"""Filters of the list of patients."""

from django_filters import FilterSet

from fisioflow.api.filters import KeyFilter, MomentFilter, SearchFilter
from patients.models import Patient, PatientQuerySet


class PatientFilter(FilterSet):  # type: ignore[misc]
    """`q` searches by name or CPF."""

    q = SearchFilter(method="search", label="Words of the name, or a CPF.")
    therapist = KeyFilter(field_name="therapist_id")
    created_after = MomentFilter(field_name="created_at", lookup_expr="gt")
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Patient
        fields: tuple[str, ...] = ()

    def search(self, found: PatientQuerySet, name: str, text: str) -> PatientQuerySet:
        """The method of `q`."""
        return found.search(text)
