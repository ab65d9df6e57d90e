"""JSON between systems (RFC 8259): UTF-8, no duplicate names, only finite numbers."""

import json
import re
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ParseError, ValidationError
from rest_framework.parsers import BaseParser

from core.errors import FisioFlowError

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class PayloadTooLarge(FisioFlowError):
    """The request is too large."""

    code = "payload_too_large"
    status = 413


class StrictJSONParser(BaseParser):
    """Refuses, with a 4xx, a body that is too large, too deep, ambiguous or not JSON."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The parsed body. The Content-Type's charset is ignored: JSON is UTF-8."""
        view = (parser_context or {}).get("view")
        limit = getattr(view, "max_body", None) or settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise PayloadTooLarge(limit=limit)

        try:
            text = body.decode("utf-8")
            parsed = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
            if _SURROGATE.search(text):
                json.dumps(parsed, ensure_ascii=False).encode("utf-8")  # half a pair is no text
        except RecursionError as error:
            raise ParseError(_("The JSON is nested too deeply."), code="too_deep") from error
        except ValueError as error:
            raise ParseError(_("The body is not valid JSON.")) from error

        return parsed


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:  # one look-up each: anybody may send two million names
        if name in members:
            detail = ErrorDetail(_("This field is given more than once."), code="duplicate_field")
            raise ValidationError({name.encode(errors="replace").decode(): [detail]})
        members[name] = value

    return members


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
