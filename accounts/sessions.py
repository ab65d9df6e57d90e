"""Sign-ins of the API: issue, refresh and revoke, all inside the clinic's own schema.

The person who signs in is the one who acts, so these take no `acting_user`.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.access import require_rank
from accounts.errors import InvalidToken, TokenSpent, TokenSuperseded
from accounts.models import TokenFamily, User
from accounts.tokens import Claims, token_decode, token_encode
from audit.events.access_refused import refusal_record
from audit.events.services import event_record
from audit.models import EventKind
from core.actor import identify
from core.errors import FisioFlowError
from tenants.context import current_clinic

# A phone that lost an answer, or sent two requests at once, refreshes twice: refused, but no theft.
LEEWAY = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client gets: `expires_in` is the access token's life in seconds."""

    access: str
    refresh: str
    expires_in: int


def token_issue(*, user: User) -> TokenPair:
    """Open a sign-in for the user."""
    now = timezone.now()
    family = TokenFamily.objects.create(
        user=user,
        credential=_credential(user),
        rotated_at=now,
        expires_at=now + timedelta(days=settings.REFRESH_IDLE_DAYS),
    )

    return _pair(family)


def token_refresh(*, refresh: str) -> TokenPair:
    """Trade a refresh token for a new pair. Of parallel calls with one token exactly one wins.

    Raises TokenSuperseded for the others, and InvalidToken. An older token ends the sign-in and is
    recorded, because somebody else may have it.
    """
    claims = token_decode("refresh", refresh)
    with transaction.atomic(using=current_clinic().shard, durable=True):
        outcome = _rotate(claims)  # returns its error: raised here, it would undo a revocation

    if isinstance(outcome, TokenSpent):
        refusal_record(
            table_name=User._meta.db_table,
            record_id=claims.user_id,
            details={"code": "refresh_reused", "status": outcome.status},
        )

    if isinstance(outcome, FisioFlowError):
        raise outcome
    return _pair(outcome)


def token_revoke(*, refresh: str) -> None:
    """End the sign-in that the refresh token belongs to. Raises InvalidToken."""
    claims = token_decode("refresh", refresh)
    families = TokenFamily.objects.filter(id=claims.family_id, user_id=claims.user_id)
    family = families.select_related("user").first()
    if family is None:
        return

    identify(str(family.user_id), str(family.user))
    with transaction.atomic(using=current_clinic().shard):
        if _revoke(families, "sign_out"):
            event_record(
                kind=EventKind.SIGNED_OUT,
                table_name=User._meta.db_table,
                record_id=family.user_id,
                details={"method": "api"},
            )


def user_revoke_tokens(*, acting_user: User | None, user: User, reason: str) -> None:
    """End every sign-in of the user; `reason` is a short code, e.g. `credential`.

    Raises RoleAboveOwn.
    """
    require_rank(acting_user, user.role)
    _revoke(user.token_families.all(), reason)  # refuses a person of another clinic


def tokens_sweep() -> int:
    """Delete the clinic's sign-ins that expired a day ago or more; returns how many."""
    limit = timezone.now() - timedelta(days=1)
    deleted, _ = TokenFamily.objects.filter(expires_at__lt=limit).delete()
    return deleted


def _rotate(claims: Claims) -> TokenFamily | FisioFlowError:
    family = (
        TokenFamily.objects.select_related("user")
        .filter(id=claims.family_id, user_id=claims.user_id)
        .first()
    )
    if family is None:
        return InvalidToken()

    live = TokenFamily.objects.filter(id=family.id, revoked_at=None)
    if not family.user.is_active or not constant_time_compare(
        family.credential, _credential(family.user)
    ):
        _revoke(live, "credential")
        return InvalidToken()

    longest = family.created_at + timedelta(days=settings.REFRESH_TOTAL_DAYS)
    family.expires_at = min(timezone.now() + timedelta(days=settings.REFRESH_IDLE_DAYS), longest)

    # Compare-and-swap: a racing call waits on the row, then finds the generation gone by.
    won = live.filter(generation=claims.generation, expires_at__gt=Now()).update(
        generation=F("generation") + 1, rotated_at=Now(), expires_at=family.expires_at
    )
    if won:
        family.generation = claims.generation + 1
        return family

    if live.filter(generation=claims.generation + 1, rotated_at__gt=Now() - LEEWAY).exists():
        return TokenSuperseded()
    if live.exclude(generation=claims.generation).exists():
        _revoke(live, "reuse")
        return TokenSpent()

    return InvalidToken()


def _revoke(families: QuerySet[TokenFamily], reason: str) -> int:
    return families.filter(revoked_at=None).update(revoked_at=Now(), revoked_for=reason)


def _pair(family: TokenFamily) -> TokenPair:
    now = timezone.now()
    claims = Claims(family.user_id, family.id, family.generation)
    seconds = settings.ACCESS_TOKEN_SECONDS
    access_ends = now + timedelta(seconds=seconds)

    return TokenPair(
        access=token_encode("access", claims, issued_at=now, expires_at=access_ends),
        refresh=token_encode("refresh", claims, issued_at=now, expires_at=family.expires_at),
        expires_in=seconds,
    )


def _credential(user: User) -> str:
    """A digest of the password: a new password ends the sign-ins that the old one opened."""
    return hashlib.sha256(user.password.encode()).hexdigest()
