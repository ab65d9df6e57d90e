"""Prescriptions over HTTP."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Role
from accounts.permissions import person_of
from core.api.views import ResourceViewSet
from exercises.access import READERS
from exercises.filters import PrescriptionFilter
from exercises.models import Prescription, PrescriptionQuerySet
from exercises.serializers import (
    NewPrescriptionSerializer,
    PrescriptionChangeSerializer,
    PrescriptionSerializer,
    PrescriptionVersionSerializer,
)
from exercises.services import prescription_create, prescription_renew, prescription_update

_THERAPIST = frozenset({Role.THERAPIST})


class PrescriptionViewSet(ResourceViewSet):
    """What therapists ask patients to do at home; each reader sees their share."""

    queryset = Prescription.objects.none()  # only names the model; get_queryset reads
    serializer_class = PrescriptionSerializer
    filterset_class = PrescriptionFilter
    ordering_fields: ClassVar = {
        "start_date": "start_date",
        "created_at": "created_at",
        "updated_at": "updated_at",
    }
    default_ordering: ClassVar = "-created_at"
    roles: ClassVar[Mapping[str, frozenset[Role]]] = {
        "list": READERS,
        "retrieve": READERS,
        "create": _THERAPIST,
        "partial_update": _THERAPIST,
        "versions": _THERAPIST,
    }

    def get_queryset(self) -> PrescriptionQuerySet:
        """All versions of the prescriptions that the reader may see."""
        return Prescription.objects.visible_to(person_of(self.request)).complete()

    @extend_schema(
        request=NewPrescriptionSerializer,
        responses={201: PrescriptionSerializer},
    )
    def create(self, request: Request) -> Response:
        """Prescribe."""
        fields = self._read(NewPrescriptionSerializer)
        made = prescription_create(acting_user=person_of(request), **fields)
        return self._made(made)

    @extend_schema(
        request=PrescriptionChangeSerializer,
        responses=PrescriptionSerializer,
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change, complete or suspend a prescription.

        Only the status may change once the patient has logged against it, or when another therapist
        wrote it: make a new version instead.
        """
        before = self.get_object()
        changes = self._read(PrescriptionChangeSerializer)

        prescription_update(acting_user=person_of(request), prescription=before, changes=changes)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        request=PrescriptionVersionSerializer,
        responses={201: PrescriptionSerializer},
    )
    @action(detail=True, methods=["post"])
    def versions(self, request: Request, pk: UUID) -> Response:
        """Make a new version, in force from today; this one is superseded.

        A suspended treatment resumes this way, too.
        """
        before = self.get_object()
        changes = self._read(PrescriptionVersionSerializer)

        made = prescription_renew(
            acting_user=person_of(request), prescription=before, changes=changes
        )
        return self._made(made)

    def _read(self, kind: type[Any]) -> Any:
        body = kind(data=self.request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return body.validated_data

    def _made(self, made: Prescription) -> Response:
        shown = Prescription.objects.complete().get(pk=made.pk)
        data = self.get_serializer(shown).data
        headers = {"Location": f"/api/v1/prescriptions/{made.pk}"}
        return Response(data, status=status.HTTP_201_CREATED, headers=headers)
