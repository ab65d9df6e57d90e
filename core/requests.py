"""Every request has an id, a clean logging context, an actor with its address, and notes."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from time import perf_counter
from urllib.parse import unquote
from uuid import UUID

import structlog
from django.conf import settings
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from core.actor import Actor, acting
from core.errors import FisioFlowError
from core.ids import uuid7

_REASON_LENGTH = 200  # characters
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_log = structlog.get_logger("core.requests")


@dataclass(slots=True)
class RequestNotes:
    """What views and middleware tell each other about a request, besides its answer."""

    refused_by: FisioFlowError | None = None
    form_errors: list[tuple[str, str]] = field(default_factory=list)  # field (or "") and reason
    charts_opened: set[UUID] = field(default_factory=set)  # see core.charts
    shown_instead: Model | None = None  # an earlier state of the record that the page is about


def notes_of(request: HttpRequest) -> RequestNotes:
    """The request's notes; the first caller makes them."""
    notes: RequestNotes = request.__dict__.setdefault("notes", RequestNotes())
    return notes


class RequestMiddleware:
    """Takes X-Request-ID when it is well-formed, makes one otherwise, and answers with it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _GIVEN_ID.fullmatch(given) else uuid7().hex
        actor = Actor(
            label="anonymous",
            request_id=request_id,
            ip_address=client_address(request),
            user_agent=request.headers.get("User-Agent", "").replace("\0", "")[:200],
            change_reason=given_reason(request),
        )

        started = perf_counter()
        structlog.contextvars.clear_contextvars()
        with acting(actor), structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            _log.info(
                "request",
                method=request.method,
                route=getattr(request.resolver_match, "route", None),
                status=response.status_code,
                milliseconds=round((perf_counter() - started) * 1000, 1),
            )

        response["X-Request-ID"] = request_id
        return response


def given_reason(request: HttpRequest) -> str:
    """Why the client changes what it changes: X-Change-Reason, UTF-8 and percent-encoded.

    Control characters are left out, and the text is cut after 200 characters.
    """
    text = unquote(request.headers.get("X-Change-Reason", ""), errors="replace")
    return "".join(c for c in text if c.isprintable()).strip()[:_REASON_LENGTH]


def client_address(request: HttpRequest) -> str:
    """The client's IP address: what the outermost of TRUSTED_PROXIES proxies saw.

    A client can write anything into X-Forwarded-For. Only the entries that our own proxies
    appended, counted from the right, are believed. Without one, it is the peer's own address, or
    empty if the peer has none: the audit trail's rows take no other text.
    """
    peer = _address(request.META.get("REMOTE_ADDR", ""))
    proxies = settings.TRUSTED_PROXIES
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]

    if not proxies or len(hops) < proxies or not hops[-proxies]:
        return peer
    return _address(hops[-proxies]) or peer


def _address(text: str) -> str:
    """The IP address without a zone; empty for any other text."""
    try:
        return str(ip_address(text.partition("%")[0]))
    except ValueError:
        return ""
