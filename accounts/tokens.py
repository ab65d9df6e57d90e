"""Signed tokens, bound to the clinic by their audience. Pure: no database.

An access token names the person, for minutes, and the member of the platform's staff who acts as
them, if one does (RFC 8693, `act`). A refresh token names a sign-in and a generation of it;
`accounts.sessions` keeps the generations. The decision is docs/adr/0003-tokens.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import jwt
from django.conf import settings
from django.utils.crypto import salted_hmac

from accounts.errors import InvalidToken, TokenSpent
from tenants.context import current_clinic

Use = Literal["access", "refresh"]
_REQUIRED = ["exp", "aud", "sub", "sid", "gen", "use"]


@dataclass(frozen=True, slots=True)
class Operator:
    """A member of the platform's staff, and the reason to act as somebody else."""

    user_id: UUID
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Claims:
    """Whose token it is, and of which generation of which sign-in.

    `act` is set when a member of the platform's staff acts as the person.
    """

    user_id: UUID
    family_id: UUID
    generation: int
    act: Operator | None = None


def token_encode(use: Use, claims: Claims, *, issued_at: datetime, expires_at: datetime) -> str:
    """A token of the current clinic."""
    payload: dict[str, Any] = {
        "use": use,
        "aud": str(current_clinic().clinic_id),
        "sub": str(claims.user_id),
        "sid": str(claims.family_id),
        "gen": claims.generation,
        "iat": issued_at,
        "exp": expires_at,
    }

    if claims.act:
        act = claims.act
        payload["act"] = {"sub": str(act.user_id), "name": act.name, "reason": act.reason}

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
                # strict: a list of audiences, which could name two clinics, is refused
                options={"require": _REQUIRED, "strict_aud": True},
            )
            if payload["use"] != use:
                raise InvalidToken
            return _claims(payload)
        except jwt.InvalidSignatureError:
            continue
        except jwt.ExpiredSignatureError as error:
            raise TokenSpent from error
        except (jwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError) as error:
            raise InvalidToken from error

    raise InvalidToken


def _claims(payload: Mapping[str, Any]) -> Claims:
    act = payload.get("act")
    return Claims(
        UUID(payload["sub"]),
        UUID(payload["sid"]),
        int(payload["gen"]),
        Operator(UUID(act["sub"]), str(act["name"]), str(act["reason"])) if act else None,
    )


def _key(secret: str | bytes, use: Use) -> bytes:
    """A key for each use, so that a token of one use can't pass for one of the other."""
    return salted_hmac(f"fisioflow.tokens.{use}", "", secret=secret, algorithm="sha256").digest()
