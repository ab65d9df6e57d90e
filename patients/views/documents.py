"""Documents over HTTP: sent as a form, opened by a link that is valid for a minute."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import router, transaction
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ADMIN_ROLES, Role
from accounts.permissions import person_of
from audit.events.services import event_record
from audit.models import EventKind
from core.api.uploads import UploadParser
from core.api.views import ResourceViewSet
from patients.access import CLINICIANS
from patients.filters import DocumentFilter
from patients.models import Document, DocumentQuerySet
from patients.serializers import (
    DocumentLinkSerializer,
    DocumentSerializer,
    DocumentUploadSerializer,
)
from patients.services import (
    document_delete,
    document_link,
    document_of_link,
    document_update,
    document_upload,
)
from patients.tasks import scan_document
from tenants.context import current_clinic

_READERS = CLINICIANS | {Role.PATIENT}
# The file comes from outside: no browser may show, run, guess or keep it.
_GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store, private",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
_TOKEN = OpenApiParameter("token", str, required=True, description="The link's token.")


class DocumentViewSet(ResourceViewSet):
    """The patients' files that the reader may see."""

    queryset = Document.objects.none()  # only names the model; get_queryset reads
    serializer_class = DocumentSerializer
    filterset_class = DocumentFilter
    ordering_fields: ClassVar = {"created_at": "created_at", "name": "name"}
    default_ordering: ClassVar = "-created_at"
    roles: ClassVar[Mapping[str, frozenset[Role]]] = {
        "list": _READERS,
        "retrieve": _READERS,
        "create": CLINICIANS,
        "partial_update": CLINICIANS,
        "destroy": ADMIN_ROLES,
        "link": _READERS,
    }

    def get_queryset(self) -> DocumentQuerySet:
        """The documents that the reader may see."""
        return Document.objects.alive().visible_to(person_of(self.request))

    def get_parsers(self) -> list[Any]:
        """A form for a new file, JSON for a change."""
        if getattr(self.request, "method", "") == "POST":
            return [UploadParser()]
        return super().get_parsers()

    @extend_schema(request=DocumentUploadSerializer, responses={201: DocumentSerializer})
    def create(self, request: Request) -> Response:
        """Send a file. It can be opened once a scanner has found it clean."""
        context = self.get_serializer_context()
        body = DocumentUploadSerializer(data=request.data, context=context)
        body.is_valid(raise_exception=True)
        document = document_upload(acting_user=person_of(request), **body.validated_data)
        clinic_id = str(current_clinic().clinic_id)

        def scan() -> None:
            scan_document.delay(clinic_id, str(document.pk))

        # robust: if the broker is down, the document waits for the next `scan_waiting`.
        transaction.on_commit(scan, using=router.db_for_write(Document), robust=True)
        return self.created(request, document)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change the kind of a document, or whether its patient sees it."""
        document = self.get_object()
        body = self.get_serializer(document, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        document_update(
            acting_user=person_of(request), document=document, changes=body.validated_data
        )
        return Response(self.get_serializer(document).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Hide a document. It is kept, as the law asks."""
        document_delete(acting_user=person_of(request), document=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses={200: DocumentLinkSerializer, 409: None})
    @action(detail=True, methods=["get"])
    def link(self, request: Request, pk: UUID) -> Response:
        """A link to the file, for you only, for a minute. On the shared host, send X-Tenant-ID."""
        token = document_link(acting_user=person_of(request), document=self.get_object())
        path = request.path.removesuffix("/link")
        url = request.build_absolute_uri(f"{path}/content?token={token}")
        answer = {"url": url, "expires_in": settings.DOCUMENT_LINK_SECONDS}
        return Response(answer, headers={"Cache-Control": "no-store"})

    @extend_schema(
        parameters=[_TOKEN],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    @action(detail=True, methods=["get"], authentication_classes=[], permission_classes=[AllowAny])
    def content(self, request: Request, pk: UUID) -> FileResponse:
        """The file. The link's token permits it, while its owner may still see the document."""
        token = request.query_params.get("token", "")
        document = document_of_link(document_id=pk, token=token)
        file = default_storage.open(document.path)

        event_record(
            kind=EventKind.DOWNLOADED,
            patient_id=document.patient_id,
            table_name=Document._meta.db_table,
            record_id=document.pk,
        )

        return FileResponse(
            file,
            as_attachment=True,
            filename=document.name,
            content_type=document.content_type,
            headers=_GUARDS | {"Content-Length": str(document.size)},
        )

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """A file has its own type, whatever the request accepts."""
        return super().perform_content_negotiation(request, force=force or self.action == "content")
