"""Signing in by e-mail and password: limited in rate; successes and failures are recorded."""

import hashlib
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest

from accounts.errors import InvalidCredentials, TooManyAttempts
from accounts.models import User
from audit.events.access_refused import refusal_record
from audit.events.services import event_record
from audit.models import EventKind
from core.actor import acting, current_actor, identify
from core.errors import FisioFlowError
from core.limits import count_within
from tenants.context import current_scope

_WINDOW = 60  # seconds


def sign_in(*, email: str, password: str, request: HttpRequest, ip_address: str) -> User:
    """The active person with this e-mail and password, who acts from now on.

    Raises InvalidCredentials, whatever was wrong, and TooManyAttempts.
    """
    try:
        attempt_count(email=email, ip_address=ip_address)
        user = authenticate(request, username=email, password=password)
        if not isinstance(user, User):
            raise InvalidCredentials
    except FisioFlowError as refusal:
        failure_record(email=email, code=refusal.code, method="api")
        raise

    identify(str(user.pk), str(user))
    _record(EventKind.SIGNED_IN, user, "api")
    return user


def attempt_count(*, email: str, ip_address: str) -> None:
    """Count one attempt for this clinic, address and e-mail; raises TooManyAttempts past the limit.

    Without Redis nothing is counted: people who treat patients must get in.
    """
    scope = current_scope()
    key = f"sign-in:{scope.key if scope else '-'}:{ip_address}:{_tidy(email)}"
    if count_within(key, _WINDOW) > settings.SIGN_IN_ATTEMPTS_PER_MINUTE:
        raise TooManyAttempts


def failure_record(*, email: str, code: str, method: str) -> None:
    """Record a failed sign-in by the person with this e-mail; without one, by the e-mail's digest.

    `code` says why; `method` is `api` or `admin`.
    """
    # Looked up in every case, so that the time taken doesn't tell which addresses exist.
    found = User.objects.filter(email=_tidy(email)).values_list("pk", flat=True).first()

    details = {"code": code, "method": method}
    if found is None:
        details["email_sha256"] = hashlib.sha256(_tidy(email).encode()).hexdigest()

    refusal_record(
        kind=EventKind.SIGN_IN_FAILED,
        table_name=User._meta.db_table,
        record_id=found or "",
        details=details,
    )


def record_session_begin(user: User, **_: Any) -> None:
    """Receiver of `user_logged_in`: record that a session of the admin begins."""
    with acting(replace(current_actor(), user_id=str(user.pk), label=str(user))):
        _record(EventKind.SIGNED_IN, user, "admin")


def record_session_end(user: User | None, **_: Any) -> None:
    """Receiver of `user_logged_out`; nobody was signed in when `user` is None."""
    if user is not None:
        _record(EventKind.SIGNED_OUT, user, "admin")


def _record(kind: EventKind, user: User, method: str) -> None:
    table = User._meta.db_table
    event_record(kind=kind, table_name=table, record_id=user.pk, details={"method": method})


def _tidy(email: str) -> str:
    return email.strip().lower()[:254]
