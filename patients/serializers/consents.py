"""Consents in the API."""

from typing import ClassVar

from rest_framework import serializers

from core.api.serializers import StrictModelSerializer
from patients.choices import Purpose
from patients.models import Consent, ConsentText
from patients.serializers.fields import ConsentTextField, PatientField


class ConsentTextSerializer(StrictModelSerializer):
    """One version of the words that patients agree to."""

    class Meta:
        model = ConsentText
        fields: ClassVar = ["id", "purpose", "version", "body", "created_at"]
        read_only_fields: ClassVar = ["id", "created_at"]
        validators: ClassVar[list[object]] = []  # the version's uniqueness is the database's


class ConsentSerializer(StrictModelSerializer):
    """A patient's agreement to a text. It is in force until `withdrawn_at` is set."""

    patient = PatientField()
    text = ConsentTextField()
    purpose = serializers.ChoiceField(choices=Purpose.choices, read_only=True)
    text_version = serializers.CharField(source="text.version", read_only=True)

    class Meta:
        model = Consent
        fields: ClassVar = [
            "id",
            "patient",
            "text",
            "purpose",
            "text_version",
            "channel",
            "given_at",
            "withdrawn_at",
            "created_at",
        ]
        read_only_fields: ClassVar = ["id", "withdrawn_at", "created_at"]
        validators: ClassVar[list[object]] = []
