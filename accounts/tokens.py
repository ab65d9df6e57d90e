"""Access tokens (JWT, minutes) and refresh tokens (opaque, single use), both bound to one clinic.

An access token's audience is the clinic. A refresh token is stored as a digest that includes the
clinic's id, in the clinic's schema, so it means nothing elsewhere, not even in a copy of the schema.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import jwt
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.errors import InvalidToken, TokenReused
from accounts.models import RefreshToken, User
from fisioflow.ids import uuid7
from tenants.context import current_clinic

ALGORITHM = "HS256"
ISSUER = "fisioflow"
# A phone that lost the answer sends the same token again. Inside this time that is refused without
# ending the family; later it means that somebody else has a copy.
REUSE_GRACE = timedelta(seconds=10)
_CLAIMS = ["iss", "aud", "sub", "exp", "iat", "pwd"]


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client gets: `expires_in` is the access token's life in seconds."""

    access: str
    refresh: str
    expires_in: int


def pair_issue(*, user: User, family: UUID | None = None) -> TokenPair:
    """A new access token and a new refresh token, of a new family unless one is given."""
    refresh = secrets.token_urlsafe(32)
    RefreshToken.objects.create(
        user=user,
        family=family or uuid7(),
        digest=_digest(refresh),
        expires_at=timezone.now() + timedelta(days=settings.REFRESH_TOKEN_DAYS),
    )
    return TokenPair(_access_token(user), refresh, settings.ACCESS_TOKEN_SECONDS)


def pair_refresh(*, refresh: str) -> TokenPair:
    """Trade a refresh token for a new pair. Of parallel calls with one token exactly one wins.

    Raises InvalidToken; TokenReused for a used one, which ends its whole family.
    """
    now = timezone.now()
    with transaction.atomic(using=current_clinic().shard):
        # Compare-and-swap: the row lock of the UPDATE lets one of the racing calls see used_at NULL.
        won = RefreshToken.objects.filter(
            digest=_digest(refresh), used_at=None, revoked_at=None, expires_at__gt=now
        ).update(used_at=now)
        if won:
            token = RefreshToken.objects.select_related("user").get(digest=_digest(refresh))
            if not token.user.is_active:
                raise InvalidToken
            return pair_issue(user=token.user, family=token.family)
    raise _why_refused(refresh)


def family_revoke(*, refresh: str) -> None:
    """End the sign-in that this refresh token belongs to. Raises InvalidToken for an unknown one."""
    token = RefreshToken.objects.filter(digest=_digest(refresh)).first()
    if token is None:
        raise InvalidToken
    _end(token.family)


def user_tokens_revoke(*, user: User) -> None:
    """End every sign-in of the user (password changed, account deactivated)."""
    RefreshToken.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())


def user_of_access_token(token: str) -> User:
    """The active user of an access token of the current clinic. Raises InvalidToken."""
    claims = _claims(token)
    try:
        user = User.objects.get(pk=UUID(claims["sub"]), is_active=True)
    except (User.DoesNotExist, ValueError, AttributeError, TypeError) as error:
        raise InvalidToken from error
    if not hmac.compare_digest(str(claims["pwd"]), _password_mark(user)):
        raise InvalidToken
    return user


def tokens_sweep() -> int:
    """Delete the current clinic's refresh tokens that expired a day ago or more; returns how many."""
    limit = timezone.now() - timedelta(days=1)
    deleted, _ = RefreshToken.objects.filter(expires_at__lt=limit).delete()
    return deleted


def _why_refused(refresh: str) -> InvalidToken:
    token = RefreshToken.objects.filter(digest=_digest(refresh)).first()
    if token is None or token.used_at is None:
        return InvalidToken()
    if timezone.now() - token.used_at > REUSE_GRACE:
        _end(token.family)
    return TokenReused()


def _end(family: UUID) -> None:
    RefreshToken.objects.filter(family=family, revoked_at=None).update(revoked_at=timezone.now())


def _digest(refresh: str) -> str:
    return hashlib.sha256(f"{current_clinic().clinic_id}:{refresh}".encode()).hexdigest()


def _access_token(user: User) -> str:
    now = timezone.now()
    claims = {
        "iss": ISSUER,
        "aud": str(current_clinic().clinic_id),
        "sub": str(user.pk),
        "iat": now,
        "exp": now + timedelta(seconds=settings.ACCESS_TOKEN_SECONDS),
        "jti": uuid7().hex,
        "pwd": _password_mark(user),
    }
    return jwt.encode(claims, _key(settings.SECRET_KEY), algorithm=ALGORITHM)


def _claims(token: str) -> dict[str, str]:
    for secret in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]:
        try:
            claims: dict[str, str] = jwt.decode(
                token,
                _key(secret),
                algorithms=[ALGORITHM],
                audience=str(current_clinic().clinic_id),
                issuer=ISSUER,
                options={"require": _CLAIMS},
            )
        except jwt.InvalidSignatureError:
            continue
        except (jwt.InvalidTokenError, ValueError) as error:
            raise InvalidToken from error
        return claims
    raise InvalidToken


def _key(secret: str) -> bytes:
    return salted_hmac("fisioflow.access-token", "", secret=secret, algorithm="sha256").digest()


def _password_mark(user: User) -> str:
    """Changes with the password, so that a new password ends the access tokens too."""
    return salted_hmac("fisioflow.password-mark", user.password, algorithm="sha256").hexdigest()[:16]
