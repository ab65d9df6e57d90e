"""A document in the API."""

from typing import Any, ClassVar

from rest_framework import serializers

from core.api.serializers import FormBooleanField, StrictModelSerializer, StrictSerializer
from patients.choices import DocumentKind, ScanStatus
from patients.models import Document
from patients.serializers.fields import PatientField


class DocumentSerializer(StrictModelSerializer):
    """A file of a patient's record. It can be opened once `status` is `clean`."""

    patient = PatientField(read_only=True)
    kind = serializers.ChoiceField(choices=DocumentKind.choices)
    status = serializers.ChoiceField(choices=ScanStatus.choices, read_only=True)

    class Meta:
        model = Document
        fields: ClassVar = [
            "id",
            "patient",
            "kind",
            "name",
            "content_type",
            "size",
            "sha256",
            "status",
            "shared_with_patient",
            "uploaded_by",
            "created_at",
            "updated_at",
        ]
        read_only_fields: ClassVar = [
            "id",
            "name",
            "content_type",
            "size",
            "sha256",
            "uploaded_by",
            "created_at",
            "updated_at",
        ]


class DocumentUploadSerializer(StrictSerializer):
    """A file (PDF, PNG, JPEG or DICOM, as its first bytes prove) and what it is."""

    patient = PatientField()
    kind = serializers.ChoiceField(choices=DocumentKind.choices)
    shared_with_patient = FormBooleanField(default=False)
    file = serializers.FileField(use_url=False)


class DocumentLinkSerializer(serializers.Serializer[Any]):
    """The address of the file, for whoever has it, for `expires_in` seconds."""

    url = serializers.URLField(read_only=True)
    expires_in = serializers.IntegerField(read_only=True)
