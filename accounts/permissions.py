"""Who may call what: a view names the roles for each action, and any other is refused."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import Role, User

if TYPE_CHECKING:  # rest_framework.views imports this module, by its settings
    from rest_framework.views import APIView


class ByRole(BasePermission):
    """Allows the roles that `view.roles[action]` lists, for an active person of the clinic.

    `action` is the viewset's action, or the lower-case method of a plain view (`head` asks for
    `get`). An action without a row is refused for everybody.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        user: Any = request.user
        if not isinstance(user, User) or not user.is_active:
            return False
        roles: Mapping[str, frozenset[Role]] = getattr(view, "roles", {})
        method = "get" if request.method == "HEAD" else str(request.method).lower()
        action = getattr(view, "action", None) or method
        return user.role in roles.get(action, frozenset())


class RoleTable:
    """Mixin that gives a view its table of roles; an empty table refuses everybody."""

    roles: ClassVar[Mapping[str, frozenset[Role]]] = {}


def person_of(request: Request) -> User:
    """The signed-in person of a request, in a view behind ByRole. Raises NotAuthenticated."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user
