"""The access log of a patient's chart, over HTTP."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Role, User
from accounts.permissions import person_of
from audit.models import Event
from core.api.views import ApiView
from patients.models import Patient
from patients.serializers import AccessSerializer


class AccessLogView(ApiView, ListModelMixin, GenericAPIView[Any]):
    """Who saw one chart, for the patient, the clinic's owner and its auditor."""

    queryset = Event.objects.none()  # only names the model; get_queryset reads
    serializer_class = AccessSerializer
    ordering_fields: ClassVar = {"occurred_at": "occurred_at"}
    default_ordering: ClassVar = "-occurred_at"
    roles: ClassVar[Mapping[str, frozenset[Role]]] = {
        "get": frozenset({Role.OWNER, Role.AUDITOR, Role.PATIENT})
    }

    def get_queryset(self) -> QuerySet[Event]:
        """The events of the chart, deleted or not. Patients read only their own."""
        person, charts = person_of(self.request), Patient.objects.all()
        if person.role == Role.PATIENT:
            charts = charts.filter(user=person)
        patient = self.one_of(charts, Patient.objects.all())
        events: QuerySet[Event] = Event.objects.filter(patient_id=patient.pk)
        role = User.objects.filter(pk=OuterRef("user_id")).values("role")
        return events.annotate(role=Subquery(role))

    @extend_schema(operation_id="patients_access_log_list")
    def get(self, request: Request, pk: UUID) -> Response:
        """Who saw the chart, opened a file of it, printed or exported it; when, in which role."""
        return self.list(request)
