"""A refusal in the form of RFC 9457: `application/problem+json`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.http import JsonResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.actor import current_actor

PROBLEM_JSON = "application/problem+json"
TYPE_PREFIX = "urn:fisioflow:error:"

TITLES: dict[int, Promise] = {
    400: _("The request is not valid."),
    401: _("Sign in first."),
    403: _("You may not do this."),
    404: _("Not found."),
    405: _("This method is not allowed here."),
    406: _("There is no answer in a format that you accept."),
    409: _("The change conflicts with the present state."),
    413: _("The request is too large."),
    415: _("This media type is not accepted here."),
    429: _("Too many requests. Try again later."),
    500: _("Something went wrong on our side."),
    503: _("The service is not available at the moment. Try again shortly."),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal.

    `errors` names each input at fault by `pointer` (into the body, RFC 6901) or `parameter` (of the
    query), with `code` and `detail`.
    """

    status: int
    code: str
    title: str
    detail: str
    errors: Sequence[Mapping[str, object]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, object]:
        """The members of the document, with the current request's id."""
        members: dict[str, object] = {
            "type": f"{TYPE_PREFIX}{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "request_id": current_actor().request_id,
        }

        if self.errors:
            members["errors"] = list(self.errors)

        return members

    def as_http(self) -> JsonResponse:
        """The response, for code outside REST framework: middleware and Django's error handlers."""
        return JsonResponse(
            self.body(), status=self.status, headers=dict(self.headers), content_type=PROBLEM_JSON
        )


def problem_of_status(status: int, code: str, **headers: str) -> Problem:
    """A problem that says no more than its status."""
    title = str(TITLES[status])
    return Problem(status, code, title, title, headers=headers)


def pointer_to(path: Iterable[str | int]) -> str:
    """A JSON pointer (RFC 6901); the empty path points to the whole document."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
