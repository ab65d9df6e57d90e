"""What makes a patient a therapist's own, besides an assignment. Apps above register it.

A condition is about patients, and made for one therapist, e.g. `Q(appointments__therapist=...)`.
"""

from collections.abc import Callable

from django.db.models import Q

from accounts.models import User

ConditionFor = Callable[[User], Q]
_registered: list[ConditionFor] = []


def register(condition_for: ConditionFor) -> None:
    """Add what makes a condition (from an AppConfig.ready); adding it again changes nothing."""
    if condition_for not in _registered:
        _registered.append(condition_for)


def conditions_for(therapist: User) -> list[Q]:
    """The registered conditions, each of which selects patients of the therapist's own."""
    return [condition_for(therapist) for condition_for in _registered]
