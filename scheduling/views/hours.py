"""Working hours, their exceptions and the clinic's closures over HTTP."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import STAFF_ROLES, Role
from accounts.permissions import person_of
from core.api.views import ResourceViewSet
from scheduling.access import SETUP_WRITERS
from scheduling.filters import ClosureFilter, ExceptionFilter, TherapistFilter
from scheduling.models import Closure, HoursException, WorkingHours
from scheduling.serializers import (
    ClosureSerializer,
    ExceptionSerializer,
    ExceptionUpdateSerializer,
    HoursSerializer,
    HoursUpdateSerializer,
)
from scheduling.services import (
    closure_create,
    closure_delete,
    closure_update,
    exception_create,
    exception_delete,
    exception_update,
    hours_create,
    hours_delete,
    hours_update,
)

_ROLES: Mapping[str, frozenset[Role]] = {
    "list": STAFF_ROLES,
    "retrieve": STAFF_ROLES,
    "create": SETUP_WRITERS,
    "partial_update": SETUP_WRITERS,
    "destroy": SETUP_WRITERS,
}


class HoursViewSet(ResourceViewSet):
    """Therapists' weekly hours: free slots lie within them."""

    queryset = WorkingHours.objects.none()  # only names the model; get_queryset reads
    serializer_class = HoursSerializer
    filterset_class = TherapistFilter
    ordering_fields: ClassVar = {"weekday": "weekday", "created_at": "created_at"}
    default_ordering: ClassVar = "weekday"
    roles: ClassVar = _ROLES

    def get_queryset(self) -> Any:
        """The hours of every therapist."""
        return WorkingHours.objects.all()

    def get_serializer_class(self) -> Any:
        """A change takes no therapist."""
        return HoursUpdateSerializer if self.action == "partial_update" else HoursSerializer

    @extend_schema(responses={201: HoursSerializer})
    def create(self, request: Request) -> Response:
        """Add hours on one weekday."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)

        made = hours_create(acting_user=person_of(request), **body.validated_data)
        return self.created(request, made)

    @extend_schema(responses=HoursSerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change the weekday, the times, or the days from and until which they apply."""
        hours = self.get_object()
        body = self.get_serializer(hours, data=request.data, partial=True)
        body.is_valid(raise_exception=True)

        hours_update(acting_user=person_of(request), hours=hours, changes=body.validated_data)
        return Response(self.get_serializer(hours).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete hours. Appointments booked in them stay."""
        hours_delete(acting_user=person_of(request), hours=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class ExceptionViewSet(ResourceViewSet):
    """Days off, and days with other hours. Therapists write only their own."""

    queryset = HoursException.objects.none()  # only names the model; get_queryset reads
    serializer_class = ExceptionSerializer
    filterset_class = ExceptionFilter
    ordering_fields: ClassVar = {"day": "day", "created_at": "created_at"}
    default_ordering: ClassVar = "day"
    roles: ClassVar[Mapping[str, frozenset[Role]]] = dict.fromkeys(_ROLES, STAFF_ROLES)

    def get_queryset(self) -> Any:
        """Staff read everybody's; a therapist changes only their own."""
        person, found = person_of(self.request), HoursException.objects.select_related("therapist")
        changing = self.action in {"partial_update", "destroy"}
        own_only = changing and person.role == Role.THERAPIST
        return found.filter(therapist=person) if own_only else found

    def get_serializer_class(self) -> Any:
        """A change takes no therapist."""
        changing = self.action == "partial_update"
        return ExceptionUpdateSerializer if changing else ExceptionSerializer

    @extend_schema(responses={201: ExceptionSerializer})
    def create(self, request: Request) -> Response:
        """Add a day off, or a period of a day that differs from its weekday."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)

        made = exception_create(acting_user=person_of(request), **body.validated_data)
        return self.created(request, made)

    @extend_schema(responses=ExceptionSerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change the day or the times; without times it is a day off."""
        exception = self.get_object()
        body = self.get_serializer(exception, data=request.data, partial=True)
        body.is_valid(raise_exception=True)

        exception_update(
            acting_user=person_of(request), exception=exception, changes=body.validated_data
        )
        return Response(self.get_serializer(exception).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete an exception, so that the day is like its weekday again."""
        exception_delete(acting_user=person_of(request), exception=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class ClosureViewSet(ResourceViewSet):
    """Days on which the clinic is closed, besides the holidays."""

    queryset = Closure.objects.none()  # only names the model; get_queryset reads
    serializer_class = ClosureSerializer
    filterset_class = ClosureFilter
    ordering_fields: ClassVar = {"first_day": "first_day", "created_at": "created_at"}
    default_ordering: ClassVar = "first_day"
    roles: ClassVar = _ROLES

    def get_queryset(self) -> Any:
        """The closures of the clinic."""
        return Closure.objects.all()

    @extend_schema(responses={201: ClosureSerializer})
    def create(self, request: Request) -> Response:
        """Close the clinic on some days. What is booked on them stays."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)

        made = closure_create(acting_user=person_of(request), **body.validated_data)
        return self.created(request, made)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change the days or the reason."""
        closure = self.get_object()
        body = self.get_serializer(closure, data=request.data, partial=True)
        body.is_valid(raise_exception=True)

        closure_update(acting_user=person_of(request), closure=closure, changes=body.validated_data)
        return Response(self.get_serializer(closure).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Open the clinic on these days again."""
        closure_delete(acting_user=person_of(request), closure=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)
