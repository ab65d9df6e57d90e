"""Clinical notes over HTTP."""

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
from patients.access import CLINICIANS
from patients.filters import NoteFilter
from patients.models import ClinicalNote, NoteQuerySet
from patients.serializers import AmendmentSerializer, NoteSerializer, NoteUpdateSerializer
from patients.services import (
    note_amend,
    note_cosign,
    note_discard,
    note_draft,
    note_revise,
    note_sign,
)


class NoteViewSet(ResourceViewSet):
    """Evaluations and evolutions. Signed notes never change; only its author sees a draft."""

    queryset = ClinicalNote.objects.none()  # only names the model; get_queryset reads
    serializer_class = NoteSerializer
    filterset_class = NoteFilter
    ordering_fields: ClassVar = {"created_at": "created_at", "updated_at": "updated_at"}
    default_ordering: ClassVar = "-created_at"
    roles: ClassVar[Mapping[str, frozenset[Role]]] = {
        "list": CLINICIANS,
        "retrieve": CLINICIANS,
        "create": CLINICIANS,
        "partial_update": CLINICIANS,
        "destroy": CLINICIANS,
        "sign": CLINICIANS,
        "cosign": CLINICIANS,
        "amend": CLINICIANS,
    }

    def get_queryset(self) -> NoteQuerySet:
        """The notes that the reader may see."""
        notes = ClinicalNote.objects.select_related("author", "patient")
        return notes.prefetch_related("amendments").visible_to(person_of(self.request))

    def get_serializer_class(self) -> Any:
        """A change and an amendment take fewer fields than a new note."""
        by_action = {"partial_update": NoteUpdateSerializer, "amend": AmendmentSerializer}
        return by_action.get(self.action, NoteSerializer)

    @extend_schema(responses={201: NoteSerializer})
    def create(self, request: Request) -> Response:
        """Begin a note, as your draft."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        note = note_draft(acting_user=person_of(request), **body.validated_data)
        return self.created(request, note)

    @extend_schema(responses=NoteSerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change a draft of yours."""
        note = self.get_object()
        body = self.get_serializer(note, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        note_revise(acting_user=person_of(request), note=note, changes=body.validated_data)
        return Response(self.get_serializer(note).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Discard a draft of yours."""
        note_discard(acting_user=person_of(request), note=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=NoteSerializer)
    @action(detail=True, methods=["post"])
    def sign(self, request: Request, pk: UUID) -> Response:
        """Sign a draft of yours for good. An intern's note then awaits the supervisor."""
        note = note_sign(acting_user=person_of(request), note=self.get_object())
        return Response(self.get_serializer(note).data)

    @extend_schema(request=None, responses=NoteSerializer)
    @action(detail=True, methods=["post"])
    def cosign(self, request: Request, pk: UUID) -> Response:
        """Sign the note of an intern whom you supervise."""
        note = note_cosign(acting_user=person_of(request), note=self.get_object())
        return Response(self.get_serializer(note).data)

    @extend_schema(request=AmendmentSerializer, responses={201: NoteSerializer})
    @action(detail=True, methods=["post"])
    def amend(self, request: Request, pk: UUID) -> Response:
        """Begin an amendment of a signed note of yours. It is a draft until you sign it."""
        note = self.get_object()
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        amendment = note_amend(acting_user=person_of(request), note=note, **body.validated_data)
        location = request.path.replace(str(pk), str(amendment.pk)).removesuffix("/amend")
        data = self.get_serializer(amendment).data
        return Response(data, status=status.HTTP_201_CREATED, headers={"Location": location})
