"""Bearer tokens for the API."""

from django.utils.encoding import force_str
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from accounts.errors import InvalidToken
from accounts.models import User
from accounts.tokens import user_of_access_token
from fisioflow.actor import identify


class ClinicTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>` of the clinic that the request is for."""

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        scheme, _, token = force_str(
            get_authorization_header(request), errors="replace"
        ).partition(" ")
        if scheme.lower() != "bearer":
            return None
        if not token or "\x00" in token:
            raise InvalidToken
        user = user_of_access_token(token.strip())
        identify(str(user.pk), str(user))
        return user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class ClinicTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document shows it."""

    target_class = ClinicTokenAuthentication
    name = "clinicToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
