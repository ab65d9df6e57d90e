"""Writes to the clinic's closures."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from accounts.models import User
from core.records import save_changes, save_new
from scheduling.access import refuse_setup
from scheduling.models import Closure


def closure_create(
    *, acting_user: User | None, first_day: date, last_day: date, reason: str
) -> Closure:
    """Close the clinic from `first_day` to `last_day`. Appointments booked on these days stay.

    Raises SetupNotPermitted, ValidationError (fields).
    """
    refuse_setup(acting_user)
    closure = Closure(first_day=first_day, last_day=last_day, reason=reason)
    save_new(closure)
    return closure


def closure_update(
    *, acting_user: User | None, closure: Closure, changes: Mapping[str, Any]
) -> Closure:
    """Change any field. Raises what `closure_create` raises."""
    refuse_setup(acting_user)
    save_changes(closure, changes)
    return closure


def closure_delete(*, acting_user: User | None, closure: Closure) -> None:
    """Open the clinic on these days again. Raises SetupNotPermitted."""
    refuse_setup(acting_user)
    closure.delete()
