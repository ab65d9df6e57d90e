"""Events of a request, recorded once its view is done and its transaction has ended."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from audit.events.access_refused import refusal_record
from audit.events.services import chart_view_record
from core.errors import FisioFlowError
from core.requests import notes_of


class TrailMiddleware:
    """Records whose charts the answer shows, before it is sent, or that access was refused.

    If that can't be recorded, the answer isn't sent. It stands inside the clinic's scope, and
    outside everything that opens transactions.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        notes = notes_of(request)
        if _refused(notes.refused_by, response):
            code = notes.refused_by.code if notes.refused_by else "permission_denied"
            refusal_record(record_id=_asked_for(request), details=_asked(request, response, code))

        if _has_content(response):
            chart_view_record(patient_ids=notes.charts_opened)
        return response


def _refused(refused_by: FisioFlowError | None, response: HttpResponseBase) -> bool:
    return refused_by.refuses_access if refused_by else response.status_code == 403


def _has_content(response: HttpResponseBase) -> bool:
    return response.status_code < 300 and response.status_code != 204


def _asked(request: HttpRequest, response: HttpResponse, code: str) -> dict[str, Any]:
    return {
        "code": code,
        "status": response.status_code,
        "method": str(request.method).lower()[:20],
        "route": getattr(request.resolver_match, "route", ""),
    }


def _asked_for(request: HttpRequest) -> str:
    """The id in the path, if it is a UUID: the admin takes any text for an id."""
    found = getattr(request.resolver_match, "kwargs", {})
    try:
        return str(UUID(str(found.get("pk") or found.get("object_id"))))
    except ValueError:
        return ""
