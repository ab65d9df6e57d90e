"""The base of the API's viewsets."""

from typing import Any, ClassVar

from rest_framework import mixins, status
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet


class ResourceViewSet(mixins.RetrieveModelMixin, mixins.ListModelMixin, GenericViewSet[Any]):
    """Lists and reads; creating, changing and deleting are the subclass's, through services."""

    lookup_value_converter = "uuid"
    http_method_names = ["get", "post", "patch", "delete", "head"]  # noqa: RUF012
    ordering_fields: ClassVar[dict[str, str]]
    default_ordering: ClassVar[str]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """A method that the route doesn't have is answered so, whoever asks."""
        if str(request.method).lower() not in self.action_map:
            raise MethodNotAllowed(str(request.method))
        super().initial(request, *args, **kwargs)

    def created(self, request: Request, instance: Any) -> Response:
        """201 with the new object and its address."""
        location = f"{request.path.rstrip('/')}/{instance.pk}"
        data = self.get_serializer(instance).data
        return Response(data, status=status.HTTP_201_CREATED, headers={"Location": location})
