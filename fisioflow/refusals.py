"""A refusal as an HTTP response: a problem (RFC 9457) for the API, a small page for people."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from fisioflow.actor import current_actor
from fisioflow.api.errors import problem_of
from fisioflow.errors import FisioFlowError


def refusal_response(request: HttpRequest, refusal: FisioFlowError) -> HttpResponse | None:
    """Answer a refusal, with Retry-After where trying again helps; None for a defect of ours."""
    problem = problem_of(refusal)
    if problem is None:
        return None
    if request.path.startswith("/api/"):
        return problem.as_http()
    shown = {"detail": problem.detail, "request_id": current_actor().request_id}
    page = render_to_string("fisioflow/refusal.html", shown)
    return HttpResponse(page, status=problem.status, headers=dict(problem.headers))
