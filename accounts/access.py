"""Who may change whom: nobody gives, changes or takes away a role above their own."""

from accounts.errors import RoleAboveOwn
from accounts.models import Role, User

# All others: 0. An auditor reads every change in the clinic, so only the owner names one.
_RANKS: dict[str, int] = {Role.MANAGER: 1, Role.OWNER: 2, Role.AUDITOR: 2, Role.PLATFORM: 3}


def may_give(acting_user: User, role: str) -> bool:
    """Whether the person may give, change or take away this role: none above their own."""
    return _RANKS.get(role, 0) <= _RANKS.get(acting_user.role, 0)


def require_rank(acting_user: User | None, *roles: str) -> None:
    """Raises RoleAboveOwn if one of the roles is above the person's own; None is the system."""
    if acting_user and not all(may_give(acting_user, role) for role in roles):
        raise RoleAboveOwn
