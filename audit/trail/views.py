"""The trail over HTTP, only for the roles that read it: the owner and the auditor."""

from collections.abc import Mapping, Set
from typing import Any, ClassVar

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from audit.events.models import Event
from audit.trail.access import READERS
from audit.trail.entries import Place, charts_in
from audit.trail.export import CONTENT_TYPES, Format, trail_export
from audit.trail.feed import Trail
from audit.trail.filters import ExportFilter, TrailFilter
from audit.trail.serializers import EntrySerializer, as_dicts
from core.api.pagination import (
    CursorPages,
    bad_cursor,
    limit_of,
    read_cursor,
    write_cursor,
)
from core.api.views import ApiView
from core.charts import charts_open_of
from tenants.context import current_clinic

_ORDERING = "-timestamp"  # the only one


class TrailPages(CursorPages):
    """Pages of the trail, newest first."""

    parameters: ClassVar = CursorPages.parameters - {"ordering"}

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """The entries of the page; `queryset` is a Trail."""
        limit, cursor = limit_of(request), request.query_params.get("cursor")

        try:
            after = Place.parse(read_cursor(cursor, _ORDERING)) if cursor else None
            found: list[Any] = queryset.page(limit + 1, after=after)
        except (ValueError, LookupError) as error:
            raise bad_cursor() from error

        if len(found) > limit:
            self.next_cursor = write_cursor(_ORDERING, found[limit - 1].place)

        return found[:limit]

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        of_lists = super().get_schema_operation_parameters(view)
        return [one for one in of_lists if one["name"] in self.parameters]


class TrailViewSet(ApiView, GenericViewSet[Any]):
    """What was done in the clinic, by whom, when, from where and why; newest first."""

    queryset = Event.objects.none()  # the filters make a Trail of it
    serializer_class = EntrySerializer
    filterset_class = TrailFilter
    pagination_class = TrailPages
    ordering_fields: ClassVar[dict[str, str]] = {}
    default_ordering: ClassVar = _ORDERING
    roles: ClassVar[Mapping[str, Set[str]]] = {"list": READERS, "export": READERS}

    @extend_schema(operation_id="audit_list", responses=EntrySerializer(many=True))
    def list(self, request: Request) -> Response:
        """Every version of every object, with what it changed, and the events."""
        trail: Any = self.filter_queryset(self.get_queryset())
        page: Any = self.paginate_queryset(trail)
        charts_open_of(request._request, charts_in(page))
        return self.get_paginated_response(as_dicts(page))

    @extend_schema(
        operation_id="audit_export",
        filters=True,
        responses={
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "application/jsonl"): OpenApiTypes.STR,
        },
    )
    @action(detail=False, filterset_class=ExportFilter, pagination_class=None)
    def export(self, request: Request) -> StreamingHttpResponse:
        """The whole list as a file. The export itself is an event."""
        trail: Any = self.filter_queryset(self.get_queryset())
        of_type: Any = request.query_params["format"]
        return export_response(trail, of_type)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """`format` names the file's type, which doesn't depend on the Accept header."""
        return super().perform_content_negotiation(request, force=force or self.action == "export")


def export_response(trail: Trail, of_type: Format) -> StreamingHttpResponse:
    """The download of an export."""
    name = f"audit-{current_clinic().schema}.{of_type}"

    return StreamingHttpResponse(
        trail_export(trail=trail, format=of_type),
        content_type=CONTENT_TYPES[of_type],
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store, private",
            "X-Content-Type-Options": "nosniff",
        },
    )
