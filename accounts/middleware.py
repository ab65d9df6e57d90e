"""Names the signed-in person as the actor, and holds a session to the clinic that it began in."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse

from accounts.errors import InvalidToken
from core.actor import identify
from core.requests import notes_of
from tenants.context import current_scope

CLINIC_KEY = "clinic"


class ActorMiddleware:
    """For sessions (the admin); the API's authentication names its user itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Without a session cookie there is nobody to look up, so no query is made.
        if request.session.session_key:
            self._refuse_foreign_session(request)
            if request.user.is_authenticated:
                identify(str(request.user.pk), str(request.user))
        return self.get_response(request)

    @staticmethod
    def _refuse_foreign_session(request: HttpRequest) -> None:
        """A copied schema holds its clinic's sessions too: they still belong to that clinic."""
        if SESSION_KEY in request.session and request.session.get(CLINIC_KEY) != _place():
            notes_of(request).refused_by = InvalidToken()
            request.session.flush()


def stamp_session(request: HttpRequest, **_: Any) -> None:
    """Receiver of `user_logged_in`: stamps the session with its clinic, or the platform."""
    request.session[CLINIC_KEY] = _place()


def _place() -> str | None:
    scope = current_scope()
    return scope.key if scope else None
