"""Free slots over HTTP."""

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import STAFF_ROLES, Role
from core.api.views import ApiView
from scheduling.serializers import SlotListSerializer, SlotQuerySerializer
from scheduling.services import slots_of


class SlotView(ApiView):
    """When a therapist is free."""

    roles: ClassVar[Mapping[str, frozenset[Role]]] = {"get": STAFF_ROLES | {Role.PATIENT}}

    @extend_schema(parameters=[SlotQuerySerializer], responses=SlotListSerializer)
    def get(self, request: Request) -> Response:
        """A therapist's free slots within their working hours, except holidays and closures."""
        query = SlotQuerySerializer(data=request.query_params, context={"request": request})
        query.is_valid(raise_exception=True)

        asked = query.validated_data
        found = slots_of(
            therapist=asked["therapist"],
            first=asked["from"],
            last=asked["to"],
            length=timedelta(minutes=asked["length"]),
        )

        return Response(SlotListSerializer({"slots": found}).data)
