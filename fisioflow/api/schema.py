"""The OpenAPI document: what drf-spectacular can't see, chiefly every way in which we refuse.

Settings: DEFAULT_SCHEMA_CLASS is `ApiSchema`; POSTPROCESSING_HOOKS ends with `document_problems`.
"""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from rest_framework.permissions import AllowAny

from fisioflow.api.problems import PROBLEM_JSON, TITLES, TYPE_PREFIX

_METHODS = {"get", "post", "patch", "put", "delete"}
_ALWAYS = {400, 404, 406, 429, 503}
_SIGNED_IN = {401, 403}
_WRITES = {409}
_WITH_BODY = {413, 415}
_TENANT = {
    "name": "X-Tenant-ID",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "The clinic, on the shared API host. On a clinic's own host, leave it out.",
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
                },
            },
        },
    },
}


class ApiSchema(AutoSchema):
    """Names operations by resource and knows that everything else than AllowAny needs a token."""

    def get_auth(self) -> list[dict[str, list[str]]]:
        """The bearer token, unless the view is for everybody."""
        public = any(isinstance(p, AllowAny) for p in self.view.get_permissions())
        return [] if public or not self.view.get_authenticators() else [{"bearer": []}]


def document_problems(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """A postprocessing hook: problems and their headers, the token, the clinic's header."""
    components = result.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    for name, schema in schemas.items():
        if name.endswith("Request") and schema.get("type") == "object":
            schema["additionalProperties"] = False
    components["responses"] = {f"Problem{code}": _response(code) for code in TITLES if code != 500}
    components.setdefault("parameters", {})["TenantID"] = _TENANT
    components.setdefault("securitySchemes", {})["bearer"] = {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
    }
    for path in result.get("paths", {}).values():
        for method, operation in path.items():
            if method in _METHODS:
                _document(method, operation)
    return result


def _document(method: str, operation: dict[str, Any]) -> None:
    codes = set(_ALWAYS)
    if operation.get("security"):
        codes |= _SIGNED_IN
    if method != "get":
        codes |= _WRITES
    if "requestBody" in operation:
        codes |= _WITH_BODY
    responses = operation.setdefault("responses", {})
    for code in sorted(codes):
        responses[str(code)] = {"$ref": f"#/components/responses/Problem{code}"}
    tenant = {"$ref": "#/components/parameters/TenantID"}
    operation.setdefault("parameters", []).append(tenant)


def _response(code: int) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": str(TITLES[code]),
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if code == 401:
        response["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    elif code in {429, 503}:
        # Not required: REST framework doesn't always know when to come back.
        response["headers"] = {"Retry-After": {"schema": {"type": "integer", "minimum": 0}}}
    return response
