"""Series over HTTP."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import STAFF_ROLES, Role
from accounts.permissions import person_of
from core.api.views import ResourceViewSet
from scheduling.filters import SeriesFilter
from scheduling.models import Series, SeriesQuerySet
from scheduling.serializers import (
    SeriesBookedSerializer,
    SeriesBookSerializer,
    SeriesChangedSerializer,
    SeriesChangeSerializer,
    SeriesPreviewSerializer,
    SeriesSerializer,
)
from scheduling.services import series_book, series_cancel, series_change, series_preview


class SeriesViewSet(ResourceViewSet):
    """Series of appointments; `appointments?series=` lists the sessions."""

    queryset = Series.objects.none()  # only names the model; get_queryset reads
    serializer_class = SeriesSerializer
    filterset_class = SeriesFilter
    ordering_fields: ClassVar = {"created_at": "created_at"}
    default_ordering: ClassVar = "-created_at"
    roles: ClassVar[Mapping[str, frozenset[Role]]] = {
        "list": STAFF_ROLES,
        "retrieve": STAFF_ROLES,
        "preview": STAFF_ROLES,
        "create": STAFF_ROLES,
        "partial_update": STAFF_ROLES,
    }

    def get_queryset(self) -> SeriesQuerySet:
        """The series that the reader may see."""
        found: SeriesQuerySet = Series.objects.visible_to(person_of(self.request))
        return found

    @extend_schema(request=SeriesSerializer, responses=SeriesPreviewSerializer)
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """List the sessions that the series would have, each with what is in its way."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)

        found = series_preview(acting_user=person_of(request), **body.validated_data)
        return Response(SeriesPreviewSerializer(found).data)

    @extend_schema(request=SeriesBookSerializer, responses={201: SeriesBookedSerializer})
    def create(self, request: Request) -> Response:
        """Book a series: all or nothing, or with `skip` what is free; the rest is listed."""
        body = SeriesBookSerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)

        skip = body.validated_data.pop("on_conflict") == "skip"
        booked = series_book(
            acting_user=person_of(request), skip_conflicts=skip, **body.validated_data
        )

        answer = SeriesBookedSerializer(booked, context=self.get_serializer_context())
        location = f"{request.path.rstrip('/')}/{booked.series.pk}"
        return Response(answer.data, status.HTTP_201_CREATED, headers={"Location": location})

    @extend_schema(request=SeriesChangeSerializer, responses=SeriesChangedSerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Move or cancel this session, this and the following, or all that are still to come."""
        series = self.get_object()
        context = {**self.get_serializer_context(), "series": series}
        body = SeriesChangeSerializer(data=request.data, context=context)
        body.is_valid(raise_exception=True)

        changes: dict[str, Any] = dict(body.validated_data)
        which: dict[str, Any] = {
            "acting_user": person_of(request),
            "series": series,
            "scope": changes.pop("scope"),
            "appointment": changes.pop("appointment", None),
        }
        if changes.pop("cancel", False):
            changed = series_cancel(**which)
        else:
            changed = series_change(**which, changes=changes)

        return Response(SeriesChangedSerializer({"changed": changed}, context=context).data)
