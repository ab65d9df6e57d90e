"""Platform staff act as a person of a clinic: with a reason, briefly, under both names."""

from dataclasses import replace
from datetime import timedelta

from django.utils import timezone

from accounts.errors import PersonNotFound, ReasonMissing
from accounts.models import Role, User
from accounts.tokens import Claims, Operator, token_encode
from audit.events.services import event_record
from audit.models import EventKind
from core.actor import acting, current_actor, support_label
from core.ids import uuid7
from tenants.context import platform_scope
from tenants.errors import NotOfTheStaff

SECONDS = 300  # how long the token lives; nothing renews it
_LONGEST_REASON = 200  # characters; it travels in the token


def staff_by_email(email: str) -> User:
    """The active member of the platform's staff with this e-mail. Raises NotOfTheStaff."""
    with platform_scope():
        staff = User.objects.filter(role=Role.PLATFORM, is_active=True)
        found: User | None = staff.filter(email=email.strip().lower()).first()

    if found is None:
        raise NotOfTheStaff
    return found


def impersonation_begin(*, acting_user: User, email: str, reason: str) -> str:
    """An access token with which the acting member of staff acts as the current clinic's person.

    It belongs to no sign-in, so it can't be refreshed. Whatever is done with it carries both names
    and the reason, in histories and events. Raises ReasonMissing, NotOfTheStaff, PersonNotFound.
    """
    reason = " ".join(reason.split())[:_LONGEST_REASON]
    if not reason:
        raise ReasonMissing
    if acting_user.role != Role.PLATFORM or not acting_user.is_active:
        raise NotOfTheStaff
    person = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if person is None:
        raise PersonNotFound

    operator = Operator(acting_user.pk, str(acting_user), reason)
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
