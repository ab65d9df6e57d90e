"""Who may change the directory: the platform's staff, and the system itself."""

from typing import Protocol

from tenants.errors import NotOfTheStaff


class ActingUser(Protocol):
    """A signed-in person, as Django's permissions know them (`accounts` can't be imported here).

    Where it may be None, None is the system: a command, a task, a restore.
    """

    def has_perm(self, perm: str, /) -> bool:
        """Whether they may do `app.action_model`."""


def require_staff(acting_user: ActingUser | None, permission: str) -> None:
    """Require a permission of the platform's admin, e.g. `change_clinic`. Raises NotOfTheStaff."""
    if acting_user is not None and not acting_user.has_perm(f"tenants.{permission}"):
        raise NotOfTheStaff
