"""Exercise logs over HTTP."""

from collections.abc import Mapping
from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Role
from accounts.permissions import person_of
from core.api.batches import MAX_BODY, batch_of, judge, refuse_invalid
from core.api.views import ResourceViewSet
from exercises.access import READERS
from exercises.filters import ExerciseLogFilter
from exercises.models import ExerciseLog, ExerciseLogQuerySet
from exercises.serializers import ExerciseLogSerializer
from exercises.services import log_draft, logs_record

_PATIENT = frozenset({Role.PATIENT})


class ExerciseLogViewSet(ResourceViewSet):
    """What patients did; each reader sees their share. Logs are never changed or deleted."""

    queryset = ExerciseLog.objects.none()  # only names the model; get_queryset reads
    serializer_class = ExerciseLogSerializer
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
        """The logs that the reader may see."""
        everything = ExerciseLog.objects.select_related("item__prescription")
        return everything.visible_to(person_of(self.request))

    @extend_schema(
        responses={
            201: ExerciseLogSerializer,
            200: ExerciseLogSerializer,
        }
    )
    def create(self, request: Request) -> Response:
        """Log what was done. Sent again, the same log is answered with 200 and the stored one."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)

        draft = log_draft(**body.validated_data)
        ((log, is_new),) = logs_record(acting_user=person_of(request), logs=[draft])
        return self.created(request, log) if is_new else Response(self.get_serializer(log).data)

    @extend_schema(
        operation_id="exercise_logs_batch",
        request=batch_of({"$ref": "#/components/schemas/ExerciseLogRequest"}),
        responses={200: ExerciseLogSerializer(many=True)},
    )
    @action(detail=False, methods=["post"], filterset_class=None, pagination_class=None)
    def batch(self, request: Request) -> Response:
        """Log up to 1,000 at once, all or none; those already stored stay as they are."""
        items = judge(self.get_serializer(), request.data, log_draft)
        refuse_invalid(items)

        drafts = [item.instance for item in items]
        recorded = logs_record(acting_user=person_of(request), logs=drafts)
        return Response(self.get_serializer([log for log, _ in recorded], many=True).data)

    @property
    def max_body(self) -> int | None:
        """In bytes; a batch may be larger than one object."""
        return MAX_BODY if self.action == "batch" else None
