"""Names the signed-in person as the actor of what the request does."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from fisioflow.actor import identify


class ActorMiddleware:
    """For sessions (the admin); the API's authentication names its user itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Without a session's cookie there is nobody to look up, and no query is made.
        if request.session.session_key and request.user.is_authenticated:
            identify(str(request.user.pk), str(request.user))
        return self.get_response(request)
