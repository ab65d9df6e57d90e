"""Signed tokens, bound to the clinic by their audience. Pure: no database.

An access token says who, for minutes; a refresh token says which sign-in and which generation of
it. `accounts.sessions` keeps the generations. The decision is docs/adr/0003-tokens.md.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import jwt
from django.conf import settings
from django.utils.crypto import salted_hmac

from accounts.errors import InvalidToken
from tenants.context import current_clinic

Use = Literal["access", "refresh"]
_REQUIRED = ["exp", "aud", "sub", "sid", "gen", "use"]


@dataclass(frozen=True, slots=True)
class Claims:
    """Whose token it is, of which sign-in, and of which generation of it."""

    user_id: UUID
    family_id: UUID
    generation: int


def token_encode(use: Use, claims: Claims, *, issued_at: datetime, expires_at: datetime) -> str:
    """A token of the current clinic."""
    payload = {
        "use": use,
        "aud": str(current_clinic().clinic_id),
        "sub": str(claims.user_id),
        "sid": str(claims.family_id),
        "gen": claims.generation,
        "iat": issued_at,
        "exp": expires_at,
    }
    return jwt.encode(payload, _key(settings.SECRET_KEY, use), algorithm="HS256")


def token_decode(use: Use, token: str) -> Claims:
    """The claims of a token that this clinic issued for this use and that hasn't expired.

    Raises InvalidToken. A token signed with one of SECRET_KEY_FALLBACKS is still good.
    """
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            payload = jwt.decode(
                token,
                _key(secret, use),
                algorithms=["HS256"],
                audience=str(current_clinic().clinic_id),
                # strict: a list of audiences that names both clinics is no audience of ours
                options={"require": _REQUIRED, "strict_aud": True},
            )
            if payload["use"] != use:
                raise InvalidToken
            return Claims(UUID(payload["sub"]), UUID(payload["sid"]), int(payload["gen"]))
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
            raise InvalidToken from error
    raise InvalidToken


def _key(secret: str | bytes, use: Use) -> bytes:
    """A key for each use, so that no token can be taken for one of the other use."""
    return salted_hmac(f"fisioflow.tokens.{use}", "", secret=secret, algorithm="sha256").digest()
