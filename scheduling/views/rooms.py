"""Rooms over HTTP."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ADMIN_ROLES, STAFF_ROLES, Role
from core.api.views import ResourceViewSet
from scheduling.models import Room
from scheduling.serializers import RoomSerializer
from scheduling.services import room_create, room_delete, room_update


class RoomViewSet(ResourceViewSet):
    """The clinic's rooms."""

    queryset = Room.objects.none()  # names the model; get_queryset reads
    serializer_class = RoomSerializer
    ordering_fields: ClassVar = {"name": "name", "created_at": "created_at"}
    default_ordering: ClassVar = "name"
    roles: ClassVar[Mapping[str, frozenset[Role]]] = {
        "list": STAFF_ROLES,
        "retrieve": STAFF_ROLES,
        "create": ADMIN_ROLES | {Role.RECEPTIONIST},
        "partial_update": ADMIN_ROLES | {Role.RECEPTIONIST},
        "destroy": ADMIN_ROLES | {Role.RECEPTIONIST},
    }

    def get_queryset(self) -> Any:
        """All of them, inactive ones too."""
        return Room.objects.all()

    @extend_schema(responses={201: RoomSerializer})
    def create(self, request: Request) -> Response:
        """Add a room."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        return self.created(request, room_create(**body.validated_data))

    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Rename a room, change its capacity, or close it to new appointments."""
        room = self.get_object()
        body = self.get_serializer(room, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        room_update(room=room, changes=body.validated_data)
        return Response(self.get_serializer(room).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete a room that was never used; make the others inactive."""
        room_delete(room=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)
