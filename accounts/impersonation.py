"""The platform's staff acting as a person of a clinic: with a reason, briefly, under both names."""

from dataclasses import replace
from datetime import timedelta

from django.utils import timezone

from accounts.errors import NotOfTheStaff, PersonNotFound, ReasonMissing
from accounts.models import Role, User
from accounts.tokens import Claims, Operator, token_encode
from audit.events.services import event_record
from audit.models import EventKind
from core.actor import acting, current_actor, support_label
from core.ids import uuid7
from tenants.context import platform_scope

SECONDS = 300  # how long the token lives; nothing renews it
_LONGEST_REASON = 200  # characters; it travels in the token


def impersonation_begin(*, operator_email: str, email: str, reason: str) -> str:
    """An access token with which the operator acts as the person, in the current clinic.

    It belongs to no sign-in, so that it can't be refreshed. What is done with it has both names
    and the reason, in histories and events. Raises ReasonMissing, NotOfTheStaff, PersonNotFound.
    """
    reason = " ".join(reason.split())[:_LONGEST_REASON]
    if not reason:
        raise ReasonMissing
    operator = _operator(operator_email, reason)
    person = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if person is None:
        raise PersonNotFound
    label = support_label(operator.name, str(person))
    with acting(replace(current_actor(), label=label, reason=reason)):
        event_record(
            kind=EventKind.IMPERSONATED,
            table_name=User._meta.db_table,
            record_id=person.pk,
            details={"operator_id": operator.user_id},
        )
    now = timezone.now()
    claims = Claims(person.pk, uuid7(), 0, operator)
    return token_encode(
        "access", claims, issued_at=now, expires_at=now + timedelta(seconds=SECONDS)
    )


def _operator(email: str, reason: str) -> Operator:
    with platform_scope():
        staff = User.objects.filter(role=Role.PLATFORM, is_active=True)
        found = staff.filter(email=email.strip().lower()).first()
    if found is None:
        raise NotOfTheStaff
    return Operator(found.pk, str(found), reason)
