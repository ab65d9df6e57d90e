"""The OpenAPI document: adds what drf-spectacular can't see, above all how each call is refused."""

from typing import Any

from django.utils import translation
from drf_spectacular.hooks import postprocess_schema_enums
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, force_instance
from rest_framework.serializers import ListSerializer

from core.api.problems import PROBLEM_JSON, TITLES, TYPE_PREFIX
from core.api.serializers import WITHOUT_NUL, StrictSerializer, TextField

_ALWAYS = {400, 401, 403, 404, 406, 429, 503}
_WRITES = {409}
_WITH_BODY = {413, 415}
_TENANT = {
    "name": "X-Tenant-ID",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "The clinic, on the shared API host. On a clinic's own host, leave it out.",
}
_CONFLICT = {
    "type": "object",
    "description": "An appointment in the way, as far as the reader may see it.",
    "required": ["id", "start_time", "end_time"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "start_time": {"type": "string", "format": "date-time"},
        "end_time": {"type": "string", "format": "date-time"},
    },
}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `code` is stable; `title` and `detail` are for people.",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri", "example": f"{TYPE_PREFIX}invalid"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "code": {"type": "string", "example": "invalid"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "Each input at fault: `pointer` into the body (RFC 6901), or "
            "`parameter` of the query.",
            "items": {
                "type": "object",
                "required": ["code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "example": "/phone"},
                    "parameter": {"type": "string"},
                    "code": {"type": "string", "example": "required"},
                    "detail": {"type": "string"},
                    "conflicts": {"type": "array", "items": _CONFLICT},
                },
            },
        },
    },
}


class ApiSchema(AutoSchema):
    """REST framework's DEFAULT_SCHEMA_CLASS: adds refusals and strictness to each operation."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        """An operation with its refusals and the clinic's header, in English."""
        with translation.override("en"):
            operation = super().get_operation(*args, **kwargs)
            return operation and self._with_refusals(operation)

    def _with_refusals(self, operation: dict[str, Any]) -> dict[str, Any]:
        codes = set(_ALWAYS)
        if self.method != "GET":
            codes |= _WRITES
        if "requestBody" in operation:
            codes |= _WITH_BODY

        if "requestBody" in operation and self.method == "POST":
            operation["requestBody"]["required"] = self._asks_for_a_body()
        codes |= {int(code) for code in operation["responses"] if int(code) >= 400}

        problem = self._problem_component()
        own = {code: r for code, r in operation["responses"].items() if int(code) < 400}
        refusals = {str(code): _response(code, problem) for code in sorted(codes)}

        operation["responses"] = own | refusals
        operation["parameters"] = [*operation.get("parameters", []), _TENANT]
        return operation

    def _asks_for_a_body(self) -> bool:
        """Whether the body is required: it may be left out when none of its fields is required."""
        body = force_instance(self.get_request_serializer())  # type: ignore[no-untyped-call]
        fields = getattr(body, "fields", None)
        return fields is None or any(field.required for field in fields.values())

    def _problem_component(self) -> dict[str, str]:
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name="Problem", type=ResolvedComponent.SCHEMA, schema=_PROBLEM, object="Problem"
        )
        self.registry.register_on_missing(component)
        reference: dict[str, str] = component.ref

        return reference

    def _insert_field_validators(self, field: Any, schema: Any) -> None:
        super()._insert_field_validators(field, schema)  # type: ignore[no-untyped-call]
        text = isinstance(field, TextField) and schema.get("type") == "string"
        if text and schema.keys().isdisjoint({"format", "pattern"}):
            schema["pattern"] = WITHOUT_NUL

    def _map_serializer_field(self, field: Any, direction: Any, *args: Any, **kwargs: Any) -> Any:
        schema = super()._map_serializer_field(  # type: ignore[no-untyped-call]
            field, direction, *args, **kwargs
        )

        if direction == "request" and isinstance(field, ListSerializer):
            longest: int | None = getattr(field, "max_length", None)
            schema["minItems"] = 0 if field.allow_empty else 1
            if longest is not None:
                schema["maxItems"] = longest
        return schema

    def _map_serializer(self, serializer: Any, direction: Any, *args: Any, **kwargs: Any) -> Any:
        schema = super()._map_serializer(  # type: ignore[no-untyped-call]
            serializer, direction, *args, **kwargs
        )
        if direction == "request" and isinstance(serializer, StrictSerializer):
            schema["additionalProperties"] = False
        return schema


def name_enums(result: Any, generator: Any, **_: Any) -> Any:
    """Name the enums of choices, in English: the settings match them by their English labels."""
    with translation.override("en"):
        return postprocess_schema_enums(result, generator)  # type: ignore[no-untyped-call]


def _response(code: int, problem: dict[str, str]) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": str(TITLES[code]),
        "content": {PROBLEM_JSON: {"schema": problem}},
    }

    if code == 401:
        response["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    elif code in {429, 503}:
        response["headers"] = {"Retry-After": {"schema": {"type": "integer", "minimum": 0}}}

    return response
