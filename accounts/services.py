"""Everything that can happen to a person's account. `acting_user` None is the system."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts.access import require_rank
from accounts.errors import SupervisorUnfit
from accounts.models import Role, User
from accounts.sessions import user_revoke_tokens
from audit.events.services import event_record
from audit.models import EventKind
from core.constraints import refusals
from tenants.context import DIRECTORY, current_clinic, platform_scope

_CHANGEABLE = {"email", "full_name", "role", "crefito", "supervisor", "is_active"}


def user_create(
    *,
    acting_user: User | None,
    email: str,
    full_name: str,
    role: Role,
    password: str | None = None,
    crefito: str = "",
    supervisor: User | None = None,
) -> User:
    """Add a person to the current clinic.

    A therapist with a supervisor is an intern, and needs no CREFITO number. Raises FieldConflict
    `email_taken`, RoleAboveOwn, SupervisorUnfit.
    """
    require_rank(acting_user, role)
    _refuse_unfit(supervisor)

    with refusals(), transaction.atomic(using=current_clinic().shard):
        return User.objects.create_user(
            email,
            password,
            full_name=full_name,
            role=role,
            crefito=crefito,
            supervisor=supervisor,
        )


def staff_create(*, acting_user: User | None, email: str, full_name: str, password: str) -> User:
    """Add a member of the platform's staff. Raises FieldConflict `email_taken`, RoleAboveOwn."""
    require_rank(acting_user, Role.PLATFORM)

    with platform_scope(), refusals(), transaction.atomic(using=DIRECTORY):
        return User.objects.create_superuser(email, password, full_name=full_name)


def user_update(*, acting_user: User | None, user: User, **fields: Any) -> User:
    """Change e-mail, full name, role, CREFITO, supervisor or whether the person may sign in.

    An inactive person keeps their record and loses their sign-ins. Raises FieldConflict
    `email_taken`, RoleAboveOwn, SupervisorUnfit.
    """
    unknown = fields.keys() - _CHANGEABLE
    if unknown:
        raise TypeError(f"user_update takes no {', '.join(sorted(unknown))}")

    before = _role_before(user)
    require_rank(acting_user, before, fields.get("role", user.role))
    _refuse_unfit(fields.get("supervisor"))

    with refusals(), transaction.atomic(using=user._state.db):
        for name, value in fields.items():
            setattr(user, name, value)
        user.clean()
        user.save(update_fields=[*fields, "updated_at"])

        if fields.get("role", before) != before:
            roles = {"old_role": before, "new_role": str(user.role)}
            _record(EventKind.ROLE_CHANGED, user, roles)
        if not user.is_active:
            user_revoke_tokens(acting_user=acting_user, user=user, reason="deactivated")

    return user


def password_change(*, acting_user: User | None, user: User, password: str) -> User:
    """Set a new password and end every sign-in that the old one opened. Raises RoleAboveOwn."""
    require_rank(acting_user, _role_before(user))

    with transaction.atomic(using=user._state.db):
        user.set_password(password)
        user.save(update_fields=["password", "updated_at"])
        _record(EventKind.PASSWORD_CHANGED, user)
        user_revoke_tokens(acting_user=acting_user, user=user, reason="credential")

    return user


def _record(kind: EventKind, user: User, details: Mapping[str, str] | None = None) -> None:
    table = User._meta.db_table
    event_record(kind=kind, table_name=table, record_id=user.pk, details=details)


def _role_before(user: User) -> str:
    """The stored role: a form may already have written the new one into the object."""
    role: str = User.objects.values_list("role", flat=True).get(pk=user.pk)
    return role


def _refuse_unfit(supervisor: User | None) -> None:
    if supervisor is not None and not supervisor.may_supervise:
        raise SupervisorUnfit
