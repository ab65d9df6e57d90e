"""Pages of lists by keyset: stable while rows come and go, as fast at the end as at the top.

A cursor is the signed id of the page's last row. It holds no value of the row, because URLs end up
in logs.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.core import signing
from django.db.models import Model, Q
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

DEFAULT_LIMIT = 50  # rows in a page
MAX_LIMIT = 200
_SALT = "fisioflow.api.cursor"  # signs cursors that clients hold: never changed


class CursorPages(BasePagination):
    """`limit`, `cursor` and `ordering` of a list.

    The view names its orderings: `ordering_fields` (the API's name to the model's field, which
    can't be null) and `default_ordering`. The id breaks ties.
    """

    parameters: ClassVar = frozenset({"limit", "cursor", "ordering"})
    next_cursor: str | None = None

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """The rows of the page. Raises ValidationError for a bad parameter."""
        limit = limit_of(request)
        ordering = _ordering(request, view)
        name = ordering.removeprefix("-")
        sign, field = "-" if ordering.startswith("-") else "", view.ordering_fields[name]

        if cursor := request.query_params.get("cursor"):
            queryset = queryset.filter(_after(queryset.model, cursor, ordering, field))

        rows = list(queryset.order_by(f"{sign}{field}", f"{sign}pk")[: limit + 1])
        if len(rows) > limit:
            self.next_cursor = write_cursor(ordering, rows[limit - 1].pk)
        return rows[:limit]

    def get_paginated_response(self, data: Any) -> Response:
        """`results`, and the cursor of the next page or null."""
        return Response({"results": data, "next_cursor": self.next_cursor})

    def get_paginated_response_schema(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The OpenAPI schema of a page, around the schema of its rows."""
        return {
            "type": "object",
            "required": ["results", "next_cursor"],
            "properties": {
                "results": dict(schema),
                "next_cursor": {
                    "type": ["string", "null"],
                    "description": "Give it as `cursor` for the next page. Null on the last one.",
                },
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """The OpenAPI parameters of a list."""
        names = list(view.ordering_fields)
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
        ordering = {
            "type": "string",
            "enum": names + [f"-{name}" for name in names],
            "default": view.default_ordering,
        }

        return [
            _parameter("limit", limit, "Rows in a page."),
            _parameter(
                "cursor", {"type": "string", "minLength": 1}, "`next_cursor` of the page before."
            ),
            _parameter("ordering", ordering, "With a minus: descending."),
        ]


def limit_of(request: Request) -> int:
    """The most rows that the page may have. Raises ValidationError."""
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= MAX_LIMIT:
        raise _refusal(
            "limit", "out_of_range", _("Give a number from 1 to %(max)d.") % {"max": MAX_LIMIT}
        )
    return int(text)


def write_cursor(ordering: str, key: object) -> str:
    """The signed cursor of the page that follows the row with this key."""
    return signing.Signer(salt=_SALT).sign_object([ordering, str(key)])


def read_cursor(cursor: str, ordering: str) -> str:
    """The key in a cursor of this ordering. Raises ValidationError for any other cursor."""
    try:
        of_ordering, key = signing.Signer(salt=_SALT).unsign_object(cursor)
    except signing.BadSignature as error:
        raise bad_cursor() from error

    if of_ordering != ordering:
        raise bad_cursor()
    return str(key)


def bad_cursor() -> ValidationError:
    """The error for a cursor that isn't of this list and ordering."""
    detail = _("This cursor is not one of this list and ordering. Begin again without a cursor.")
    return _refusal("cursor", "invalid_cursor", detail)


def _ordering(request: Request, view: Any) -> str:
    ordering: str = request.query_params.get("ordering", view.default_ordering)
    if ordering.removeprefix("-") not in view.ordering_fields:
        raise _refusal("ordering", "invalid_choice", _("The list can't be ordered by this."))
    return ordering


def _after(model: type[Model], cursor: str, ordering: str, field: str) -> Q:
    """The rows after the cursor's row, wherever that row stands now."""
    key = read_cursor(cursor, ordering)
    # Finds the row even if it was soft-deleted after the page was read.
    row: Sequence[Any] | None = model._default_manager.filter(pk=key).values_list(field).first()
    if row is None:
        raise bad_cursor()

    beyond = "lt" if ordering.startswith("-") else "gt"
    tie_or_beyond = Q((f"{field}__{beyond}", row[0])) | Q((f"pk__{beyond}", key))
    return Q((f"{field}__{beyond}e", row[0])) & tie_or_beyond


def _refusal(parameter: str, code: str, detail: str) -> ValidationError:
    return ValidationError({parameter: [ErrorDetail(detail, code=code)]})


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": description}
