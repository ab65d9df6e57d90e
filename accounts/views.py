"""The endpoints to sign in, refresh, sign out, and ask who one is."""

from dataclasses import asdict
from typing import ClassVar, cast

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Role, User
from accounts.serializers import (
    MeSerializer,
    RefreshSerializer,
    SignInSerializer,
    TokenPairSerializer,
)
from accounts.sessions import TokenPair, token_issue, token_refresh, token_revoke
from accounts.sign_in import sign_in
from core.api.views import ApiView
from core.requests import client_address
from tenants.context import current_clinic


class OpenView(ApiView):
    """Open to callers without a token."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


def _answer(pair: TokenPair) -> Response:
    response = Response(TokenPairSerializer(asdict(pair)).data)
    response["Cache-Control"] = "no-store"
    return response


class TokenView(OpenView):
    """`POST /api/v1/auth/token`"""

    @extend_schema(
        operation_id="auth_token", request=SignInSerializer, responses=TokenPairSerializer
    )
    def post(self, request: Request) -> Response:
        """Sign in with e-mail and password."""
        body = SignInSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        http = request._request
        user = sign_in(**body.validated_data, request=http, ip_address=client_address(http))
        return _answer(token_issue(user=user))


class RefreshView(OpenView):
    """`POST /api/v1/auth/refresh`"""

    @extend_schema(
        operation_id="auth_refresh", request=RefreshSerializer, responses=TokenPairSerializer
    )
    def post(self, request: Request) -> Response:
        """Trade a refresh token, once, for a new pair."""
        body = RefreshSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return _answer(token_refresh(**body.validated_data))


class RevokeView(OpenView):
    """`POST /api/v1/auth/revoke`"""

    @extend_schema(operation_id="auth_revoke", request=RefreshSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Sign out: end the sign-in that the refresh token belongs to."""
        body = RefreshSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        token_revoke(**body.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MeView(ApiView):
    """`GET /api/v1/me`"""

    roles: ClassVar[dict[str, frozenset[Role]]] = {"get": frozenset(Role) - {Role.PLATFORM}}

    @extend_schema(operation_id="me", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """The person whose token this is, and their clinic."""
        user = cast(User, request.user)
        return Response(MeSerializer(user, context={"clinic": current_clinic()}).data)
