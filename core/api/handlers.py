"""Error answers outside a view: a problem (RFC 9457) under /api/, a small page elsewhere.

They replace Django's own error pages (a URL conf's handler400 to handler500), and answer what a
middleware refuses.
"""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views import defaults

from core.actor import current_actor
from core.api.errors import problem_of
from core.api.problems import problem_of_status
from core.errors import FisioFlowError

API_PREFIX = "/api/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400: a host that isn't ours, a body that is too large, and the like."""
    if request.path.startswith(API_PREFIX):
        return problem_of_status(400, "bad_request").as_http()
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403: the request was refused before a view of the API could answer."""
    if request.path.startswith(API_PREFIX):
        return problem_of_status(403, "permission_denied").as_http()
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404: no route matches the path."""
    if request.path.startswith(API_PREFIX):
        return problem_of_status(404, "not_found").as_http()
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500: a bug. The answer holds only the request's id, to search the log for."""
    if request.path.startswith(API_PREFIX):
        return problem_of_status(500, "internal_error").as_http()
    return defaults.server_error(request)


def refusal_response(request: HttpRequest, refusal: FisioFlowError) -> HttpResponse | None:
    """Answer a refusal, with Retry-After if trying again helps; None for a bug."""
    problem = problem_of(refusal)
    if problem is None:
        return None
    if request.path.startswith(API_PREFIX):
        return problem.as_http()

    shown = {"detail": problem.detail, "request_id": current_actor().request_id}
    page = render_to_string("core/refusal.html", shown)
    return HttpResponse(page, status=problem.status, headers=dict(problem.headers))
