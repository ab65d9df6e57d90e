"""Consents over HTTP: the staff records them, and patients record their own."""

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ADMIN_ROLES, STAFF_ROLES, Role
from accounts.permissions import person_of
from core.api.views import ResourceViewSet
from patients.filters import ConsentFilter, ConsentTextFilter
from patients.models import Consent, ConsentQuerySet, ConsentText
from patients.serializers import ConsentSerializer, ConsentTextSerializer
from patients.services import consent_give, consent_text_create, consent_withdraw
from tenants.clinic_model import ClinicQuerySet

_EVERYBODY = STAFF_ROLES | {Role.PATIENT}


class ConsentTextViewSet(ResourceViewSet):
    """The words that patients agree to, in every version."""

    queryset = ConsentText.objects.none()  # only names the model; get_queryset reads
    serializer_class = ConsentTextSerializer
    filterset_class = ConsentTextFilter
    ordering_fields: ClassVar = {"created_at": "created_at"}
    default_ordering: ClassVar = "-created_at"
    roles: ClassVar[Mapping[str, frozenset[Role]]] = {
        "list": _EVERYBODY,
        "retrieve": _EVERYBODY,
        "create": ADMIN_ROLES,
    }

    def get_queryset(self) -> ClinicQuerySet[ConsentText]:
        """All texts of the clinic."""
        texts: ClinicQuerySet[ConsentText] = ConsentText.objects.all()
        return texts

    @extend_schema(responses={201: ConsentTextSerializer})
    def create(self, request: Request) -> Response:
        """Add a version. It can't be changed afterwards."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        return self.created(
            request, consent_text_create(acting_user=person_of(request), **body.validated_data)
        )


class ConsentViewSet(ResourceViewSet):
    """The consents of the patients whom the reader may see."""

    queryset = Consent.objects.none()
    serializer_class = ConsentSerializer
    filterset_class = ConsentFilter
    ordering_fields: ClassVar = {"created_at": "created_at", "given_at": "given_at"}
    default_ordering: ClassVar = "-created_at"
    roles: ClassVar[Mapping[str, frozenset[Role]]] = {
        "list": _EVERYBODY,
        "retrieve": _EVERYBODY,
        "create": _EVERYBODY,
        "withdraw": _EVERYBODY,
    }

    def get_queryset(self) -> ConsentQuerySet:
        """The consents of the patients whom the reader may see."""
        return Consent.objects.select_related("text").visible_to(person_of(self.request))

    @extend_schema(responses={201: ConsentSerializer})
    def create(self, request: Request) -> Response:
        """Record a consent. Patients give their own, by the channel `app`."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        consent = consent_give(acting_user=person_of(request), **body.validated_data)
        return self.created(request, consent)

    @extend_schema(request=None, responses=ConsentSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: UUID) -> Response:
        """End a consent. What was done under it stays lawful."""
        consent = consent_withdraw(acting_user=person_of(request), consent=self.get_object())
        return Response(self.get_serializer(consent).data)
