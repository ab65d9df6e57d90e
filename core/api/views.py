"""The bases of the API's views. They note for the trail whose charts an answer shows."""

from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import Http404
from rest_framework import mixins, status
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from core.charts import charts_open
from core.errors import FisioFlowError
from core.requests import notes_of


class NotVisible(FisioFlowError):
    """There is no such thing, or it isn't yours to see."""

    code = "not_visible"
    status = 404

    @property
    def refuses_access(self) -> bool:
        """Whether the trail records the refusal: yes, though the answer is a 404."""
        return True


class ApiView(APIView):
    """Answers 405 to a method that the route doesn't have, even without a token."""

    http_method_names = ["get", "post", "patch", "delete", "head"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raises MethodNotAllowed first, before authentication."""
        if request.method not in self.allowed_methods:
            raise MethodNotAllowed(str(request.method))
        super().initial(request, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> Response:
        """Notes for `audit.events.middleware` which error refused the request."""
        if isinstance(exc, FisioFlowError):
            notes_of(self.request._request).refused_by = exc
        return super().handle_exception(exc)

    def one_of(self, seen: QuerySet[Any], there: QuerySet[Any]) -> Any:
        """The row that the path names, if it is among those `seen`. Raises Http404.

        If it is only `there`, the trail records a refusal, but the answer is the same.
        """
        row = seen.filter(pk=self.kwargs["pk"]).first()
        if row is None:
            self.hides(there)
            raise Http404
        return row

    def hides(self, there: QuerySet[Any]) -> None:
        """If the row that the path names is `there`, note for the trail that it was refused."""
        if there.filter(pk=self.kwargs["pk"]).exists():
            notes_of(self.request._request).refused_by = NotVisible()

    def opens(self, *rows: Model) -> None:
        """Note that the answer shows part of these rows' charts (`core.charts`)."""
        charts_open(self.request._request, rows)


class ResourceViewSet(
    ApiView, mixins.RetrieveModelMixin, mixins.ListModelMixin, GenericViewSet[Any]
):
    """Lists and reads. Subclasses create, change and delete, through services."""

    lookup_value_converter = "uuid"
    ordering_fields: ClassVar[dict[str, str]]
    default_ordering: ClassVar[str]

    def get_object(self) -> Any:
        """The row that the path names, noted as shown: every action's answer shows it."""
        try:
            row = super().get_object()
        except Http404:
            self.hides(_alive(self.get_queryset().model))
            raise

        self.opens(row)
        return row

    def paginate_queryset(self, queryset: Any) -> Any:
        """The rows of a page, noted as shown."""
        page = super().paginate_queryset(queryset)
        self.opens(*(page or ()))
        return page

    def created(self, request: Request, instance: Any) -> Response:
        """The answer 201, with the new object and its address."""
        location = f"{request.path.rstrip('/')}/{instance.pk}"
        data = self.get_serializer(instance).data
        return Response(data, status=status.HTTP_201_CREATED, headers={"Location": location})


def _alive(model: type[Model]) -> QuerySet[Any]:
    rows: Any = model._default_manager.all()
    return rows.alive() if hasattr(rows, "alive") else rows  # type: ignore[no-any-return]
