"""Rules that make a patient a therapist's own, besides an assignment. Apps above register them.

A rule is a condition on patients, made for one therapist, e.g. `Q(appointments__therapist=...)`.
"""

from collections.abc import Callable

from django.db.models import Q

from accounts.models import User

Rule = Callable[[User], Q]
_rules: list[Rule] = []


def register(rule: Rule) -> None:
    """Add a rule (from an AppConfig.ready); adding it again changes nothing."""
    if rule not in _rules:
        _rules.append(rule)


def conditions_for(therapist: User) -> list[Q]:
    """For each rule, the condition that selects the patients it makes the therapist's own."""
    return [rule(therapist) for rule in _rules]
