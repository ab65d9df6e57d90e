"""What the application may do with each table, and why some aren't tracked.

A model of a clinic's schema is tracked (`history = TrackedHistory()`) or listed here with a reason;
`manage.py check` refuses any other (audit.capture.checks).
"""

from dataclasses import dataclass
from enum import StrEnum

from django.apps import apps
from django.db import models


class Access(StrEnum):
    """What the application's role is granted on a table."""

    READ = "SELECT"
    APPEND = "SELECT, INSERT"
    WRITE = "SELECT, INSERT, UPDATE, DELETE"


@dataclass(frozen=True, slots=True)
class Exemption:
    """A model without a history: what the application may do with it, and why it needs none."""

    access: Access
    reason: str


EXEMPT = {
    "audit.Event": Exemption(Access.APPEND, "it is the trail: append-only, sealed"),
    "audit.Seal": Exemption(Access.READ, "proves the trail: the owner seals, nobody changes it"),
    "audit.SealedTable": Exemption(Access.READ, "part of a seal, hashed into it"),
    "accounts.TokenFamily": Exemption(
        Access.WRITE, "the mechanics of a sign-in; signing in and out are events"
    ),
    "sessions.Session": Exemption(
        Access.WRITE, "the mechanics of a sign-in; signing in and out are events"
    ),
    "admin.LogEntry": Exemption(Access.READ, "histories say more; the clinic's admin writes none"),
    "contenttypes.ContentType": Exemption(Access.READ, "only migrations write it"),
    "auth.Permission": Exemption(Access.READ, "only migrations write it"),
    "auth.Group": Exemption(Access.READ, "always empty: roles decide"),
    "auth.Group_permissions": Exemption(Access.READ, "always empty: roles decide"),
    "accounts.User_groups": Exemption(Access.READ, "always empty: roles decide"),
    "accounts.User_user_permissions": Exemption(Access.READ, "always empty: roles decide"),
}
# The directory has no clinic's data; its admin keeps Django's log.
IN_DIRECTORY = {"admin.LogEntry": Access.APPEND}


def is_history(model: type[models.Model]) -> bool:
    """Whether the model holds another's versions."""
    return hasattr(model, "instance_type")


def is_tracked(model: type[models.Model]) -> bool:
    """Whether the model has a history."""
    return hasattr(model._meta, "simple_history_manager_attribute")


def access_by_table(*, in_directory: bool) -> dict[str, Access]:
    """What to grant on each model's table. A table without a model is read-only."""
    return {
        model._meta.db_table: _access(model, in_directory=in_directory)
        for model in apps.get_models(include_auto_created=True)
    }


def _access(model: type[models.Model], *, in_directory: bool) -> Access:
    if is_history(model):
        return Access.READ

    exemption = EXEMPT.get(model._meta.label)

    if in_directory:
        default = exemption.access if exemption else Access.WRITE
        return IN_DIRECTORY.get(model._meta.label, default)

    if exemption:
        return exemption.access
    return Access.WRITE if is_tracked(model) else Access.READ
