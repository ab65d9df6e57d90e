"""Filters of the lists."""

from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, FilterSet

from core.api.filters import KeyFilter, MomentFilter, SearchFilter
from patients.choices import DocumentKind, NoteKind, NoteStatus, Purpose, ScanStatus
from patients.models import (
    ClinicalNote,
    Consent,
    ConsentQuerySet,
    ConsentText,
    Document,
    NoteQuerySet,
    Patient,
    PatientQuerySet,
)


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
        """Filter by `q`."""
        return found.search(text)


class NoteFilter(FilterSet):  # type: ignore[misc]
    """`status` follows from the signatures."""

    patient = KeyFilter(field_name="patient_id")
    author = KeyFilter(field_name="author_id")
    amends = KeyFilter(field_name="amends_id")
    kind = ChoiceFilter(choices=NoteKind.choices)
    status = ChoiceFilter(choices=NoteStatus.choices, method="by_status")

    class Meta:
        model = ClinicalNote
        fields: tuple[str, ...] = ()

    def by_status(self, found: NoteQuerySet, name: str, status: str) -> NoteQuerySet:
        """Filter by `status`."""
        return found.in_status(status)


class ConsentTextFilter(FilterSet):  # type: ignore[misc]
    """Filters by purpose."""

    purpose = ChoiceFilter(choices=Purpose.choices)

    class Meta:
        model = ConsentText
        fields: tuple[str, ...] = ()


class ConsentFilter(FilterSet):  # type: ignore[misc]
    """`state` selects the consents in force, or those that were withdrawn."""

    patient = KeyFilter(field_name="patient_id")
    purpose = ChoiceFilter(choices=Purpose.choices)
    state = ChoiceFilter(
        choices=[("in_force", _("In force")), ("withdrawn", _("Withdrawn"))], method="by_state"
    )

    class Meta:
        model = Consent
        fields: tuple[str, ...] = ()

    def by_state(self, found: ConsentQuerySet, name: str, state: str) -> ConsentQuerySet:
        """Filter by `state`."""
        return found.withdrawn() if state == "withdrawn" else found.in_force()


class DocumentFilter(FilterSet):  # type: ignore[misc]
    """Filters by patient, kind and the scan's result."""

    patient = KeyFilter(field_name="patient_id")
    kind = ChoiceFilter(choices=DocumentKind.choices)
    status = ChoiceFilter(choices=ScanStatus.choices)

    class Meta:
        model = Document
        fields: tuple[str, ...] = ()
