"""Patients over HTTP."""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ADMIN_ROLES, STAFF_ROLES, Role
from accounts.permissions import person_of
from audit.events.services import event_record
from audit.models import EventKind
from core.api.batches import (
    ANY_ITEMS,
    MAX_BODY,
    Item,
    batch_of,
    judge,
    refuse_invalid,
    verdict,
    verdict_serializer,
)
from core.api.views import ResourceViewSet
from patients.access import REGISTRARS
from patients.batches import refuse_known_cpfs
from patients.filters import PatientFilter
from patients.models import Patient, PatientQuerySet
from patients.serializers import PatientSerializer, PrintSerializer
from patients.services import (
    patient_delete,
    patient_draft,
    patient_register,
    patient_update,
    patients_register,
)

_READERS = STAFF_ROLES | {Role.PATIENT}


class PatientViewSet(ResourceViewSet):
    """The clinic's patients whom the reader may see."""

    queryset = Patient.objects.none()  # only names the model; get_queryset reads
    serializer_class = PatientSerializer
    filterset_class = PatientFilter
    ordering_fields: ClassVar = {
        "name": "search_name",
        "created_at": "created_at",
        "updated_at": "updated_at",
    }
    default_ordering: ClassVar = "name"
    roles: ClassVar[Mapping[str, frozenset[Role]]] = {
        "list": _READERS,
        "retrieve": _READERS,
        "create": REGISTRARS,
        "partial_update": STAFF_ROLES,
        "destroy": ADMIN_ROLES,
        "validate": REGISTRARS,
        "batch": REGISTRARS,
        "prints": _READERS,
    }

    def get_queryset(self) -> PatientQuerySet:
        """The patients whom the reader may see."""
        return Patient.objects.alive().visible_to(person_of(self.request))

    @extend_schema(responses={201: PatientSerializer})
    def create(self, request: Request) -> Response:
        """Register a patient."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        patient = patient_register(acting_user=person_of(request), **body.validated_data)
        return self.created(request, patient)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change some fields of a patient."""
        patient = self.get_object()
        body = self.get_serializer(patient, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        patient_update(acting_user=person_of(request), patient=patient, changes=body.validated_data)
        return Response(self.get_serializer(patient).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete a patient. The clinical record is kept, as the law asks."""
        patient_delete(acting_user=person_of(request), patient=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="patients_validate",
        request=ANY_ITEMS,
        responses=verdict_serializer("PatientVerdict"),
    )
    @action(detail=False, methods=["post"], filterset_class=None, pagination_class=None)
    def validate(self, request: Request) -> Response:
        """Check up to 1,000 patients by every rule, and write nothing."""
        return Response(verdict(self.get_serializer(), self._judge(request)))

    @extend_schema(
        operation_id="patients_batch",
        request=batch_of({"$ref": "#/components/schemas/PatientRequest"}),
        responses={201: PatientSerializer(many=True)},
    )
    @action(detail=False, methods=["post"], filterset_class=None, pagination_class=None)
    def batch(self, request: Request) -> Response:
        """Register up to 1,000 patients: all of them, or none if one isn't valid."""
        items = self._judge(request)
        refuse_invalid(items)
        made = patients_register(
            acting_user=person_of(request), patients=[item.instance for item in items]
        )
        return Response(self.get_serializer(made, many=True).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=PrintSerializer, responses={204: None})
    @action(detail=True, methods=["post"])
    def prints(self, request: Request, pk: UUID) -> Response:
        """Report that you print the patient's chart, or a record of it. The trail keeps it."""
        patient = self.get_object()
        context = {**self.get_serializer_context(), "patient": patient}
        body = PrintSerializer(data=request.data, context=context)
        body.is_valid(raise_exception=True)

        printed = body.validated_data
        event_record(
            kind=EventKind.PRINTED,
            patient_id=patient.pk,
            table_name=printed["table"],
            record_id=printed.get("record_id") or "",
        )
        return Response(status=status.HTTP_204_NO_CONTENT)

    @property
    def max_body(self) -> int | None:
        """In bytes. A batch may be larger than one object."""
        return MAX_BODY if self.action in {"validate", "batch"} else None

    def _judge(self, request: Request) -> list[Item]:
        person = person_of(request)
        items = judge(
            self.get_serializer(), request.data, partial(patient_draft, acting_user=person)
        )
        refuse_known_cpfs(items)
        return items
