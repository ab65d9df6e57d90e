"""Appointments over HTTP."""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ADMIN_ROLES, STAFF_ROLES, Role
from accounts.permissions import person_of
from core.api.batches import ANY_ITEMS, MAX_BODY, judge, verdict, verdict_serializer
from core.api.views import ResourceViewSet
from scheduling.filters import AppointmentFilter
from scheduling.models import Appointment, AppointmentQuerySet
from scheduling.serializers import AppointmentSerializer, AppointmentUpdateSerializer
from scheduling.services import (
    appointment_book,
    appointment_delete,
    appointment_draft,
    appointment_update,
)

_READERS = STAFF_ROLES | {Role.PATIENT}


class AppointmentViewSet(ResourceViewSet):
    """The clinic's appointments; each reader sees their share."""

    queryset = Appointment.objects.none()  # only names the model; get_queryset reads
    serializer_class = AppointmentSerializer
    filterset_class = AppointmentFilter
    ordering_fields: ClassVar = {
        "start_time": "start_time",
        "created_at": "created_at",
        "updated_at": "updated_at",
    }
    default_ordering: ClassVar = "start_time"
    roles: ClassVar[Mapping[str, frozenset[Role]]] = {
        "list": _READERS,
        "retrieve": _READERS,
        "create": STAFF_ROLES,
        "partial_update": STAFF_ROLES,
        "destroy": ADMIN_ROLES,
        "validate": STAFF_ROLES,
    }

    def get_queryset(self) -> AppointmentQuerySet:
        """The appointments that the reader may see."""
        everything = Appointment.objects.select_related("patient", "therapist")
        return everything.alive().visible_to(person_of(self.request))

    def get_serializer_class(self) -> Any:
        """The serializer; a change takes other fields than a booking."""
        if self.action == "partial_update":
            return AppointmentUpdateSerializer
        return AppointmentSerializer

    @extend_schema(responses={201: AppointmentSerializer})
    def create(self, request: Request) -> Response:
        """Book an appointment. When two requests want the same time, one gets 409."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)

        appointment = appointment_book(acting_user=person_of(request), **body.validated_data)
        return self.created(request, appointment)

    @extend_schema(responses=AppointmentSerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Move, annotate, close or cancel an appointment."""
        appointment = self.get_object()
        body = self.get_serializer(appointment, data=request.data, partial=True)
        body.is_valid(raise_exception=True)

        appointment_update(
            acting_user=person_of(request), appointment=appointment, changes=body.validated_data
        )
        return Response(self.get_serializer(appointment).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete an appointment that was entered by mistake. To call one off, cancel it."""
        appointment_delete(acting_user=person_of(request), appointment=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="appointments_validate",
        request=ANY_ITEMS,
        responses=verdict_serializer("AppointmentVerdict"),
    )
    @action(detail=False, methods=["post"], filterset_class=None, pagination_class=None)
    def validate(self, request: Request) -> Response:
        """Validate up to 1,000 appointments, each on its own; conflicts only show on booking."""
        draft = partial(appointment_draft, acting_user=person_of(request))
        serializer = self.get_serializer()
        return Response(verdict(serializer, judge(serializer, request.data, draft)))

    @property
    def max_body(self) -> int | None:
        """In bytes; a batch may be larger than one object."""
        return MAX_BODY if self.action == "validate" else None
