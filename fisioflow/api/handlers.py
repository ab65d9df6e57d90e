"""Django's own error pages, for the URL conf (handler400 ... handler500): problems under /api/."""

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from fisioflow.api.problems import problem_of_status

API_PREFIX = "/api/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A host that isn't ours, a body that is too large, and the like."""
    if request.path.startswith(API_PREFIX):
        return problem_of_status(400, "bad_request").as_http()
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Refused before a view of the API could answer."""
    if request.path.startswith(API_PREFIX):
        return problem_of_status(403, "permission_denied").as_http()
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No route answers to the path."""
    if request.path.startswith(API_PREFIX):
        return problem_of_status(404, "not_found").as_http()
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """A bug: it says nothing but the request's id, by which the log can be searched."""
    if request.path.startswith(API_PREFIX):
        return problem_of_status(500, "internal_error").as_http()
    return defaults.server_error(request)
