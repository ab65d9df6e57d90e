"""Rooms over HTTP."""

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
from scheduling.models import Room
from scheduling.serializers import RoomSerializer
from scheduling.services import room_create, room_delete, room_update


class RoomViewSet(ResourceViewSet):
    """The clinic's rooms."""

    queryset = Room.objects.none()  # only names the model; get_queryset reads
    serializer_class = RoomSerializer
    ordering_fields: ClassVar = {"name": "name", "created_at": "created_at"}
    default_ordering: ClassVar = "name"
    roles: ClassVar[Mapping[str, frozenset[Role]]] = {
        "list": STAFF_ROLES,
        "retrieve": STAFF_ROLES,
        "create": SETUP_WRITERS,
        "partial_update": SETUP_WRITERS,
        "destroy": SETUP_WRITERS,
    }

    def get_queryset(self) -> Any:
        """All rooms, inactive ones too."""
        return Room.objects.all()

    @extend_schema(responses={201: RoomSerializer})
    def create(self, request: Request) -> Response:
        """Add a room."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)

        made = room_create(acting_user=person_of(request), **body.validated_data)
        return self.created(request, made)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Rename a room, change its capacity, or close it to new appointments."""
        room = self.get_object()
        body = self.get_serializer(room, data=request.data, partial=True)
        body.is_valid(raise_exception=True)

        room_update(acting_user=person_of(request), room=room, changes=body.validated_data)
        return Response(self.get_serializer(room).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete a room that was never used. One that was used can be made inactive."""
        room_delete(acting_user=person_of(request), room=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)
