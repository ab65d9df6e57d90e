"""Exercises, prescriptions and logs over HTTP."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Role
from accounts.permissions import person_of
from core.api.batches import MAX_BODY, batch_of, judge, refuse_invalid
from core.api.views import ApiView, ResourceViewSet
from exercises import serializers
from exercises.access import CLINICIANS, READERS
from exercises.adherence import adherence
from exercises.filters import ExerciseFilter, ExerciseLogFilter, PrescriptionFilter
from exercises.models import (
    Exercise,
    ExerciseLog,
    ExerciseLogQuerySet,
    ExerciseQuerySet,
    Prescription,
    PrescriptionQuerySet,
)
from exercises.prescribing import (
    log_draft,
    logs_record,
    prescription_create,
    prescription_renew,
    prescription_update,
)
from exercises.services import exercise_create, exercise_delete, exercise_update
from patients.models import Patient

_THERAPIST = frozenset({Role.THERAPIST})
_PATIENT = frozenset({Role.PATIENT})


class ExerciseViewSet(ResourceViewSet):
    """The clinic's library of exercises."""

    queryset = Exercise.objects.none()  # names the model; get_queryset reads
    serializer_class = serializers.ExerciseSerializer
    filterset_class = ExerciseFilter
    ordering_fields: ClassVar = {"name": "search_name"}
    default_ordering: ClassVar = "name"
    roles: ClassVar[Mapping[str, frozenset[Role]]] = dict.fromkeys(
        ["list", "retrieve", "create", "partial_update", "destroy"], CLINICIANS
    )

    def get_queryset(self) -> ExerciseQuerySet:
        """The library, for whoever may read it."""
        return Exercise.objects.alive()

    @extend_schema(responses={201: serializers.ExerciseSerializer})
    def create(self, request: Request) -> Response:
        """Add an exercise to the library."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = exercise_create(acting_user=person_of(request), **body.validated_data)
        return self.created(request, made)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change some fields of an exercise. What was prescribed keeps its dose."""
        exercise = self.get_object()
        body = self.get_serializer(exercise, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        exercise_update(
            acting_user=person_of(request), exercise=exercise, changes=body.validated_data
        )
        return Response(self.get_serializer(exercise).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Take an exercise out of the library. Prescriptions that have it keep it."""
        exercise_delete(acting_user=person_of(request), exercise=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class PrescriptionViewSet(ResourceViewSet):
    """What therapists ask patients to do at home, as far as the reader may see it."""

    queryset = Prescription.objects.none()  # names the model; get_queryset reads
    serializer_class = serializers.PrescriptionSerializer
    filterset_class = PrescriptionFilter
    ordering_fields: ClassVar = {
        "start_date": "start_date",
        "created_at": "created_at",
        "updated_at": "updated_at",
    }
    default_ordering: ClassVar = "-created_at"
    roles: ClassVar[Mapping[str, frozenset[Role]]] = {
        "list": READERS,
        "retrieve": READERS,
        "create": _THERAPIST,
        "partial_update": _THERAPIST,
        "versions": _THERAPIST,
    }

    def get_queryset(self) -> PrescriptionQuerySet:
        """What the reader may see, all versions of it."""
        return Prescription.objects.visible_to(person_of(self.request)).complete()

    @extend_schema(
        request=serializers.NewPrescriptionSerializer,
        responses={201: serializers.PrescriptionSerializer},
    )
    def create(self, request: Request) -> Response:
        """Prescribe."""
        fields = self._read(serializers.NewPrescriptionSerializer)
        made = prescription_create(acting_user=person_of(request), **fields)
        return self._made(made)

    @extend_schema(
        request=serializers.PrescriptionChangeSerializer,
        responses=serializers.PrescriptionSerializer,
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change a prescription, complete or suspend it.

        Once the patient has logged against it, or when another therapist wrote it, only the status
        may change: make a new version instead.
        """
        before = self.get_object()
        changes = self._read(serializers.PrescriptionChangeSerializer)
        prescription_update(acting_user=person_of(request), prescription=before, changes=changes)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        request=serializers.PrescriptionVersionSerializer,
        responses={201: serializers.PrescriptionSerializer},
    )
    @action(detail=True, methods=["post"])
    def versions(self, request: Request, pk: UUID) -> Response:
        """Make a new version, in force from today; this one is superseded.

        It is also how a suspended treatment goes on.
        """
        before = self.get_object()
        changes = self._read(serializers.PrescriptionVersionSerializer)
        made = prescription_renew(
            acting_user=person_of(request), prescription=before, changes=changes
        )
        return self._made(made)

    def _read(self, kind: type[Any]) -> Any:
        body = kind(data=self.request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return body.validated_data

    def _made(self, made: Prescription) -> Response:
        shown = Prescription.objects.complete().get(pk=made.pk)
        data = self.get_serializer(shown).data
        headers = {"Location": f"/api/v1/prescriptions/{made.pk}"}
        return Response(data, status=status.HTTP_201_CREATED, headers=headers)


class ExerciseLogViewSet(ResourceViewSet):
    """What patients did, as far as the reader may see it. Logs are never changed or deleted."""

    queryset = ExerciseLog.objects.none()  # names the model; get_queryset reads
    serializer_class = serializers.ExerciseLogSerializer
    filterset_class = ExerciseLogFilter
    ordering_fields: ClassVar = {"done_at": "done_at", "created_at": "created_at"}
    default_ordering: ClassVar = "-done_at"
    roles: ClassVar[Mapping[str, frozenset[Role]]] = {
        "list": READERS,
        "retrieve": READERS,
        "create": _PATIENT,
        "batch": _PATIENT,
    }

    def get_queryset(self) -> ExerciseLogQuerySet:
        """What the reader may see."""
        everything = ExerciseLog.objects.select_related("item__prescription")
        return everything.visible_to(person_of(self.request))

    @extend_schema(
        responses={
            201: serializers.ExerciseLogSerializer,
            200: serializers.ExerciseLogSerializer,
        }
    )
    def create(self, request: Request) -> Response:
        """Log what was done. The same log again is answered with 200 and the stored one."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        draft = log_draft(**body.validated_data)
        ((log, is_new),) = logs_record(acting_user=person_of(request), logs=[draft])
        return self.created(request, log) if is_new else Response(self.get_serializer(log).data)

    @extend_schema(
        operation_id="exercise_logs_batch",
        request=batch_of({"$ref": "#/components/schemas/ExerciseLogRequest"}),
        responses={200: serializers.ExerciseLogSerializer(many=True)},
    )
    @action(detail=False, methods=["post"], filterset_class=None, pagination_class=None)
    def batch(self, request: Request) -> Response:
        """Log up to 1,000 at once, all or none; those that are stored already stay as they are."""
        items = judge(self.get_serializer(), request.data, log_draft)
        refuse_invalid(items)
        drafts = [item.instance for item in items]
        recorded = logs_record(acting_user=person_of(request), logs=drafts)
        return Response(self.get_serializer([log for log, _ in recorded], many=True).data)

    @property
    def max_body(self) -> int | None:
        """Bytes; a batch may be larger than one object."""
        return MAX_BODY if self.action == "batch" else None


class AdherenceView(ApiView):
    """How a patient keeps to what was prescribed, and how their pain goes."""

    roles: ClassVar[Mapping[str, frozenset[Role]]] = {"get": READERS}

    @extend_schema(
        operation_id="patients_adherence_retrieve",
        parameters=[
            OpenApiParameter(
                "from", {"type": "string", "format": "date"}, description="First day."
            ),
            OpenApiParameter("to", {"type": "string", "format": "date"}, description="Last day."),
        ],
        responses=serializers.AdherenceSerializer,
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Days prescribed and logged by week, mean pain and effort by day, of at most a year.

        Four weeks up to today, unless `from` and `to` say otherwise.
        """
        seen = Patient.objects.alive().visible_to(person_of(request))
        patient = self.one_of(seen, Patient.objects.alive())
        self.opens(patient)
        query = serializers.AdherenceQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        first, last = query.validated_data["from"], query.validated_data["to"]
        report = adherence(
            Prescription.objects.filter(patient=patient).plans(),
            ExerciseLog.objects.of(patient).between(first, last).facts(),
            first,
            last,
            timezone.get_current_timezone(),
        )
        return Response(serializers.AdherenceSerializer(report).data)
