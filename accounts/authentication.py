"""Bearer tokens for the API."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from accounts.errors import InvalidToken
from accounts.models import User
from accounts.tokens import token_decode
from core.actor import identify, support_label


class ClinicTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`, for a token of the request's clinic."""

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        parts = get_authorization_header(request).decode("latin-1").split()
        if not parts or parts[0].lower() != "bearer":
            return None
        if len(parts) != 2:
            raise InvalidToken

        claims = token_decode("access", parts[1])
        user = User.objects.filter(id=claims.user_id, is_active=True).first()
        if user is None:
            raise InvalidToken

        if claims.act:
            label = support_label(claims.act.name, str(user))
            identify(str(user.pk), label, reason=claims.act.reason)
        else:
            identify(str(user.pk), str(user))

        return user, parts[1]

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class ClinicTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes these tokens in the OpenAPI document."""

    target_class = ClinicTokenAuthentication
    name = "clinicToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
