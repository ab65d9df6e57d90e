"""Patients for the tests of this folder."""

from collections.abc import Callable, Sequence
from datetime import date
from itertools import count
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction

from accounts.models import Role, User
from accounts.services import user_create
from fisioflow.constraints import constraint_of, rule_of
from patients.models import Patient
from patients.validators import cpf_check_digit
from tenants.context import ClinicRoute, clinic_scope

_numbers = count(100_000_000)


def _cpf() -> str:
    digits = [int(digit) for digit in str(next(_numbers))]
    for _ in range(2):
        digits.append(cpf_check_digit(digits))
    return "".join(map(str, digits))


@pytest.fixture
def a_patient() -> Callable[..., Patient]:
    """Builds, and doesn't save, a patient who breaks no rule; each with a CPF of their own."""

    def build(**fields: Any) -> Patient:
        right = {"name": "Bia Souza", "phone": "+5511900000000", "birth_date": date(1990, 1, 31)}
        return Patient(**right | {"cpf": _cpf()} | fields)

    return build


@pytest.fixture
def intern(people: Any, norte: ClinicRoute) -> User:
    """A therapist without a CREFITO number, supervised by norte's therapist."""
    with clinic_scope(norte):
        return user_create(
            acting_user=None,
            email="intern@norte.example",
            full_name="Iara Estagiária",
            role=Role.THERAPIST,
            supervisor=people.norte.therapist,
        )


@pytest.fixture
def refused_by(in_norte: ClinicRoute) -> Callable[..., str]:
    """`refused_by(sql, [params])`: the constraint by which the database alone refuses it."""

    def run(sql: str, params: Sequence[Any] = ()) -> str:
        with pytest.raises(IntegrityError) as refused, transaction.atomic(using="shard_1"):
            with connections["shard_1"].cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute(sql, params)
        name = constraint_of(refused.value)
        assert name is not None
        assert rule_of(name), f"{name} has no rule"
        return name

    return run
