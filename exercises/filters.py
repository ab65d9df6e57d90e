"""Filters of the lists of exercises, prescriptions and logs."""

from django_filters import ChoiceFilter, FilterSet

from core.api.filters import FromToFilterSet, KeyFilter, MomentFilter, SearchFilter
from exercises.models import Exercise, ExerciseLog, ExerciseQuerySet, Prescription
from exercises.states import BodyRegion, Goal, PrescriptionStatus


class ExerciseFilter(FilterSet):  # type: ignore[misc]
    """`q` searches by name."""

    q = SearchFilter(method="search", label="Words of the name.")
    body_region = ChoiceFilter(choices=BodyRegion.choices)
    goal = ChoiceFilter(choices=Goal.choices)

    class Meta:
        model = Exercise
        fields: tuple[str, ...] = ()

    def search(self, found: ExerciseQuerySet, name: str, text: str) -> ExerciseQuerySet:
        """Filter by `q`."""
        return found.search(text)


class PrescriptionFilter(FilterSet):  # type: ignore[misc]
    """Filters by patient, therapist and status."""

    patient = KeyFilter(field_name="patient_id")
    therapist = KeyFilter(field_name="therapist_id")
    status = ChoiceFilter(choices=PrescriptionStatus.choices)

    class Meta:
        model = Prescription
        fields: tuple[str, ...] = ()


class ExerciseLogFilter(FromToFilterSet):
    """`from` (included) and `to` (excluded) bound the time at which the exercise was done."""

    patient = KeyFilter(field_name="item__prescription__patient_id")
    prescription = KeyFilter(field_name="item__prescription_id")
    item = KeyFilter(field_name="item_id")
    from_ = MomentFilter(field_name="done_at", lookup_expr="gte")
    to = MomentFilter(field_name="done_at", lookup_expr="lt")

    class Meta:
        model = ExerciseLog
        fields: tuple[str, ...] = ()
