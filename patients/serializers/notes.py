"""A clinical note in the API."""

from typing import ClassVar

from rest_framework import serializers

from core.api.serializers import StrictModelSerializer
from patients.choices import NoteKind, NoteStatus
from patients.constraints.notes import SECTIONS
from patients.models import ClinicalNote
from patients.serializers.fields import PatientField

_SIGNATURES = [
    "author",
    "author_name",
    "author_crefito",
    "signed_at",
    "supervisor",
    "supervisor_name",
    "supervisor_crefito",
    "cosigned_at",
]


class NoteSerializer(StrictModelSerializer):
    """A note. `amendments` are the ids of the signed notes that correct it.

    Names and CREFITO numbers are those at signing, and empty before.
    """

    patient = PatientField()
    kind = serializers.ChoiceField(choices=NoteKind.choices)
    status = serializers.ChoiceField(choices=NoteStatus.choices, read_only=True)
    amends = serializers.UUIDField(source="amends_id", read_only=True, allow_null=True)
    amendments = serializers.SerializerMethodField()

    class Meta:
        model = ClinicalNote
        fields: ClassVar = [
            "id",
            "patient",
            "kind",
            *SECTIONS,
            "status",
            *_SIGNATURES,
            "amends",
            "amendments",
            "created_at",
            "updated_at",
        ]
        read_only_fields: ClassVar = ["id", *_SIGNATURES, "created_at", "updated_at"]

    def get_amendments(self, note: ClinicalNote) -> list[str]:
        """Ids, the oldest first."""
        found = [other for other in note.amendments.all() if other.signed_at is not None]
        return [str(other.pk) for other in sorted(found, key=lambda other: other.pk)]


class NoteUpdateSerializer(NoteSerializer):
    """A change of a note. The patient stays."""

    patient = PatientField(read_only=True)


class AmendmentSerializer(NoteSerializer):
    """An amendment of a note. Patient and kind are the amended note's."""

    patient = PatientField(read_only=True)
    kind = serializers.ChoiceField(choices=NoteKind.choices, read_only=True)
