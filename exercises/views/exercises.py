"""The library of exercises over HTTP."""

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Role
from accounts.permissions import person_of
from core.api.views import ResourceViewSet
from exercises.access import LIBRARIANS
from exercises.filters import ExerciseFilter
from exercises.models import Exercise, ExerciseQuerySet
from exercises.serializers import ExerciseSerializer
from exercises.services import exercise_create, exercise_delete, exercise_update


class ExerciseViewSet(ResourceViewSet):
    """The clinic's library of exercises."""

    queryset = Exercise.objects.none()  # only names the model; get_queryset reads
    serializer_class = ExerciseSerializer
    filterset_class = ExerciseFilter
    ordering_fields: ClassVar = {"name": "search_name"}
    default_ordering: ClassVar = "name"
    roles: ClassVar[Mapping[str, frozenset[Role]]] = dict.fromkeys(
        ["list", "retrieve", "create", "partial_update", "destroy"], LIBRARIANS
    )

    def get_queryset(self) -> ExerciseQuerySet:
        """The library, without the exercises that were taken out."""
        return Exercise.objects.alive()

    @extend_schema(responses={201: ExerciseSerializer})
    def create(self, request: Request) -> Response:
        """Add an exercise to the library."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)

        made = exercise_create(acting_user=person_of(request), **body.validated_data)
        return self.created(request, made)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change some fields of an exercise. Prescriptions keep their dose."""
        exercise = self.get_object()
        body = self.get_serializer(exercise, data=request.data, partial=True)
        body.is_valid(raise_exception=True)

        exercise_update(
            acting_user=person_of(request), exercise=exercise, changes=body.validated_data
        )
        return Response(self.get_serializer(exercise).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Take an exercise out of the library. Prescriptions that include it keep it."""
        exercise_delete(acting_user=person_of(request), exercise=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)
