"""Turns what a view raised into a problem. An unforeseen error passes through: it becomes a 500."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import IntegrityError
from django.http import Http404
from django.utils.translation import gettext
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from core.api.problems import (
    PROBLEM_JSON,
    TITLES,
    Problem,
    pointer_to,
    problem_of_status,
)
from core.constraints import refusal_of
from core.errors import FieldError, FisioFlowError

_Path = tuple[str | int, ...]
_NO_FIELD = {NON_FIELD_ERRORS, api_settings.NON_FIELD_ERRORS_KEY}
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="api"'}


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """REST framework's EXCEPTION_HANDLER: answers with the problem, or with None for a bug."""
    request: Request | None = context.get("request")
    # Without a body, the fault can only be in the query.
    in_query = request is not None and request.method in {"GET", "HEAD", "OPTIONS"}
    problem = problem_of(exc, in_query=in_query)
    if problem is None:
        return None

    set_rollback()
    return Response(
        problem.body(),
        status=problem.status,
        headers=dict(problem.headers),
        content_type=PROBLEM_JSON,
    )


def problem_of(exc: Exception, *, in_query: bool = False) -> Problem | None:
    """The problem to answer with; None for an error that nobody foresaw (a bug, status 500).

    `in_query`: name a bad input by its query `parameter`, not by a `pointer` into the body.
    """
    if isinstance(exc, IntegrityError):
        exc = refusal_of(exc)

    if isinstance(exc, FisioFlowError):
        return _of_own(exc, in_query=in_query)
    if isinstance(exc, Http404):
        return problem_of_status(404, "not_found")
    if isinstance(exc, PermissionDenied):
        return problem_of_status(403, "permission_denied")
    if isinstance(exc, ValidationError):
        return _invalid(_of_django(exc), in_query=in_query)
    if isinstance(exc, exceptions.ValidationError):
        return _invalid(_of_rest(exc.detail), in_query=in_query)
    return _of_api(exc) if isinstance(exc, exceptions.APIException) else None


def errors_of(
    error: ValidationError | exceptions.ValidationError | FieldError,
) -> Iterator[tuple[_Path, str, str]]:
    """Each input that validation refused: its path (field names and indexes), code and detail."""
    if isinstance(error, FieldError):
        yield (error.field,) if error.field else (), error.field_code, error.detail
    elif isinstance(error, ValidationError):
        yield from _of_django(error)
    else:
        yield from _of_rest(error.detail)


def _of_own(exc: FisioFlowError, *, in_query: bool) -> Problem | None:
    if exc.status >= 500 and exc.retry_after is None:
        return None
    headers = _CHALLENGE if exc.status == 401 else {}
    if exc.retry_after is not None:
        headers = headers | {"Retry-After": str(exc.retry_after)}

    if isinstance(exc, FieldError):
        path = (exc.field,) if exc.field else ()
        errors = [_item(path, exc.field_code, exc.detail, in_query=in_query)]
    else:
        errors = [_own_item(item, in_query=in_query) for item in getattr(exc, "errors", ())]

    title = gettext((type(exc).__doc__ or exc.message).split("\n\n")[0].strip())
    return Problem(exc.status, exc.code, title, exc.detail, errors, headers)


def _own_item(item: Mapping[str, object], *, in_query: bool) -> dict[str, object]:
    """An entry of an error's `errors`: field, code, detail, and whatever else the entry holds."""
    members = dict(item)
    field = members.pop("field", "")
    path = field if isinstance(field, tuple) else (str(field),) if field else ()
    code, detail = str(members.pop("code")), str(members.pop("detail"))
    return _item(path, code, detail, in_query=in_query) | members


def _invalid(found: Iterator[tuple[_Path, str, str]], *, in_query: bool) -> Problem:
    errors = [_item(path, code, detail, in_query=in_query) for path, code, detail in found]
    title = str(TITLES[400])
    detail = str(errors[0]["detail"]) if len(errors) == 1 else title
    return Problem(400, "invalid", title, detail, errors)


def _item(path: _Path, code: str, detail: str, *, in_query: bool) -> dict[str, object]:
    if in_query and path:
        return {"parameter": str(path[0]), "code": code, "detail": detail}
    return {"pointer": pointer_to(path), "code": code, "detail": detail}


def _of_rest(detail: Any, path: _Path = ()) -> Iterator[tuple[_Path, str, str]]:
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            yield from _of_rest(value, path if key in _NO_FIELD else (*path, key))
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, Mapping | list)
            yield from _of_rest(value, (*path, index) if nested else path)
    else:
        yield path, getattr(detail, "code", "invalid"), str(detail)


def _of_django(exc: ValidationError) -> Iterator[tuple[_Path, str, str]]:
    by_field = exc.error_dict if hasattr(exc, "error_dict") else {NON_FIELD_ERRORS: exc.error_list}
    for name, errors in by_field.items():
        for error in errors:
            path = () if name in _NO_FIELD else (name,)
            yield path, error.code or "invalid", " ".join(error.messages)


def _of_api(exc: exceptions.APIException) -> Problem | None:
    headers: dict[str, str] = {}
    status, code = exc.status_code, exc.get_codes()
    if isinstance(exc, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        # REST framework turns 401 into 403 where no authentication class has a challenge.
        status = 401
        challenge = getattr(exc, "auth_header", None)
        headers = {"WWW-Authenticate": challenge} if challenge else _CHALLENGE
    elif isinstance(exc, exceptions.Throttled):
        wait: int | None = getattr(exc, "wait", None)
        headers = {} if wait is None else {"Retry-After": str(wait)}
    elif status >= 500:
        return None

    title = str(TITLES.get(status, exc.default_detail))
    return Problem(status, str(code), title, str(exc.detail), headers=headers)
