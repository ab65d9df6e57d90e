"""Adherence over HTTP."""

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Role
from accounts.permissions import person_of
from core.api.views import ApiView
from exercises.access import READERS
from exercises.adherence import adherence
from exercises.models import ExerciseLog, Prescription
from exercises.serializers import AdherenceQuery, AdherenceSerializer
from patients.models import Patient


class AdherenceView(ApiView):
    """How well a patient follows their prescriptions, and how their pain develops."""

    roles: ClassVar[Mapping[str, frozenset[Role]]] = {"get": READERS}

    @extend_schema(
        operation_id="patients_adherence_retrieve",
        parameters=[
            OpenApiParameter(
                "from", {"type": "string", "format": "date"}, description="First day."
            ),
            OpenApiParameter("to", {"type": "string", "format": "date"}, description="Last day."),
        ],
        responses=AdherenceSerializer,
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Days prescribed and logged by week, mean pain and effort by day, for at most a year.

        The last four weeks, unless `from` and `to` say otherwise.
        """
        seen = Patient.objects.alive().visible_to(person_of(request))
        patient = self.one_of(seen, Patient.objects.alive())
        self.opens(patient)

        query = AdherenceQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        first, last = query.validated_data["from"], query.validated_data["to"]

        report = adherence(
            Prescription.objects.filter(patient=patient).prescribed(),
            ExerciseLog.objects.of(patient).between(first, last).facts(),
            first,
            last,
            timezone.get_current_timezone(),
        )
        return Response(AdherenceSerializer(report).data)
