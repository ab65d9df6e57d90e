"""Everything that can happen to a person's account."""

from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from accounts.errors import EmailTaken, InvalidCredentials, TooManyAttempts
from accounts.models import Role, User
from accounts.sessions import user_revoke_tokens
from tenants.context import current_clinic, current_scope

_WINDOW = 60  # seconds


def sign_in(*, email: str, password: str, request: HttpRequest, ip_address: str) -> User:
    """The active person with this e-mail and password.

    Raises InvalidCredentials, whatever was wrong, and TooManyAttempts.
    """
    attempt_count(email=email, ip_address=ip_address)
    user = authenticate(request, username=email, password=password)
    if not isinstance(user, User):
        raise InvalidCredentials
    return user


def attempt_count(*, email: str, ip_address: str) -> None:
    """Count one attempt for this clinic, address and e-mail; raises TooManyAttempts past the limit.

    Without Redis nothing is counted: people who treat patients must get in.
    """
    scope = current_scope()
    key = f"sign-in:{scope.key if scope else '-'}:{ip_address}:{email.strip().lower()[:254]}"
    cache.add(key, 0, _WINDOW)
    try:
        attempts = cache.incr(key)
    except ValueError:  # expired between the two calls, or Redis is away
        return
    if attempts is not None and attempts > settings.SIGN_IN_ATTEMPTS_PER_MINUTE:
        raise TooManyAttempts


def user_create(
    *,
    acting_user: User | None,
    email: str,
    full_name: str,
    role: Role,
    password: str | None = None,
    crefito: str = "",
) -> User:
    """Add a person to the current clinic. `acting_user` None is a job. Raises EmailTaken."""
    try:
        with transaction.atomic(using=current_clinic().shard):
            return User.objects.create_user(
                email, password, full_name=full_name, role=role, crefito=crefito
            )
    except IntegrityError as error:
        if "accounts_user_email_unique" in str(error):
            raise EmailTaken from error
        raise


def password_change(*, acting_user: User | None, user: User, password: str) -> User:
    """Set a new password and end every sign-in that the old one opened."""
    with transaction.atomic(using=user._state.db):
        user.set_password(password)
        user.save(update_fields=["password", "updated_at"])
        user_revoke_tokens(user=user, reason="credential")
    return user


def user_deactivate(*, acting_user: User | None, user: User) -> User:
    """Keep the person's record, refuse their sign-in and end their tokens."""
    return _set_fields(user, is_active=False)


def _set_fields(user: User, **fields: Any) -> User:
    with transaction.atomic(using=user._state.db):
        for name, value in fields.items():
            setattr(user, name, value)
        user.save(update_fields=[*fields, "updated_at"])
        if not user.is_active:
            user_revoke_tokens(user=user, reason="credential")
    return user
