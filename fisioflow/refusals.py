"""A refusal as an HTTP response: a problem (RFC 9457) for the API, a small page for people."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from fisioflow.errors import FisioFlowError

PROBLEM_TYPE = "application/problem+json"


def problem_document(
    *, code: str, status: int, title: str, request_id: str, errors: list[dict[str, str]]
) -> dict[str, Any]:
    """The body of every error of the API. `errors` has `pointer`, `code` and `detail` each."""
    return {
        "type": f"urn:fisioflow:error:{code}",
        "title": title,
        "status": status,
        "code": code,
        "errors": errors,
        "request_id": request_id,
    }


def refusal_response(request: HttpRequest, refusal: FisioFlowError) -> HttpResponse:
    """Answer a refusal; Retry-After is set where trying again makes sense."""
    request_id = getattr(request, "request_id", "")
    response: HttpResponse
    if request.path.startswith("/api/"):
        document = problem_document(
            code=refusal.code,
            status=refusal.status,
            title=refusal.detail,
            request_id=request_id,
            errors=[],
        )
        response = JsonResponse(document, status=refusal.status, content_type=PROBLEM_TYPE)
    else:
        page = render_to_string(
            "fisioflow/refusal.html",
            {"detail": refusal.detail, "status": refusal.status, "request_id": request_id},
        )
        response = HttpResponse(page, status=refusal.status)
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response
