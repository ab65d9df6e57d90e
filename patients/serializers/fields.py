"""Related records, named by id."""

from typing import Any

from core.api.serializers import RelatedField
from patients.models import ConsentText, Patient


class PatientField(RelatedField):
    """The id of a patient whom the person may see; any other id is answered as unknown."""

    def get_queryset(self) -> Any:
        """The patients whom the person may see."""
        return Patient.objects.alive().visible_to(self.context["request"].user)


class ConsentTextField(RelatedField):
    """The id of a consent text."""

    def get_queryset(self) -> Any:
        """A new one for each request: a queryset belongs to the clinic that it was built in."""
        return ConsentText.objects.all()
