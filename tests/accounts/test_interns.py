"""Interns: therapists without a CREFITO number, for whom a supervisor answers."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.errors import SupervisorUnfit
from accounts.models import Role, User
from accounts.services import user_create, user_update
from core.errors import FieldError
from tenants.context import ClinicRoute
from tests.people import Everybody

IARA: dict[str, Any] = {"email": "iara@norte.example", "full_name": "Iara"}


def hire(**fields: Any) -> User:
    made = {"acting_user": None, "role": Role.THERAPIST} | IARA | fields
    return user_create(**made)


def refusal(make: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(FieldError) as refused:
        make()
    return refused.value.field, refused.value.field_code


def test_an_intern_needs_a_supervisor_and_no_crefito(
    in_norte: ClinicRoute, people: Everybody
) -> None:
    assert refusal(hire) == ("crefito", "required")

    intern = hire(supervisor=people.norte.therapist)
    assert intern.is_intern
    assert not intern.may_supervise


def test_an_intern_who_graduates_needs_a_crefito(in_norte: ClinicRoute, people: Everybody) -> None:
    intern = hire(supervisor=people.norte.therapist)

    def graduate(**fields: Any) -> User:
        person = User.objects.get(pk=intern.pk)
        return user_update(acting_user=None, user=person, supervisor=None, **fields)

    assert refusal(graduate) == ("crefito", "required")
    assert graduate(crefito="3/1-F").may_supervise


def test_who_may_supervise(in_norte: ClinicRoute, people: Everybody) -> None:
    intern = hire(supervisor=people.norte.therapist)
    inactive = hire(email="i@norte.example", crefito="3/2-F")
    user_update(acting_user=None, user=inactive, is_active=False)

    for unfit in (intern, inactive, people.norte.receptionist):
        with pytest.raises(SupervisorUnfit):
            hire(email="b@norte.example", supervisor=unfit)
        with pytest.raises(SupervisorUnfit):
            user_update(acting_user=None, user=User.objects.get(pk=intern.pk), supervisor=unfit)


def test_only_therapists_are_interns_and_nobody_their_own(
    in_norte: ClinicRoute, people: Everybody
) -> None:
    supervisor = people.norte.therapist
    refused = refusal(lambda: hire(role=Role.RECEPTIONIST, supervisor=supervisor))

    assert refused == ("supervisor", "not_a_therapist")

    own = User.objects.get(pk=supervisor.pk)
    refused = refusal(lambda: user_update(acting_user=None, user=own, supervisor=own))

    assert refused == ("supervisor", "invalid")
