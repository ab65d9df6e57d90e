"""The base of the API's views."""

from typing import Any, ClassVar

from rest_framework import mixins, status
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet


class ApiView(APIView):
    """A method that the route doesn't have is answered so, whoever asks."""

    http_method_names = ["get", "post", "patch", "delete", "head"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raises MethodNotAllowed before it asks who it is."""
        if request.method not in self.allowed_methods:
            raise MethodNotAllowed(str(request.method))
        super().initial(request, *args, **kwargs)


class ResourceViewSet(
    ApiView, mixins.RetrieveModelMixin, mixins.ListModelMixin, GenericViewSet[Any]
):
    """Lists and reads; creating, changing and deleting are the subclass's, through services."""

    lookup_value_converter = "uuid"
    ordering_fields: ClassVar[dict[str, str]]
    default_ordering: ClassVar[str]

    def created(self, request: Request, instance: Any) -> Response:
        """201 with the new object and its address."""
        location = f"{request.path.rstrip('/')}/{instance.pk}"
        data = self.get_serializer(instance).data
        return Response(data, status=status.HTTP_201_CREATED, headers={"Location": location})
