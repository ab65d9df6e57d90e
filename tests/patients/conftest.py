"""Patients for the tests of this folder."""

from collections.abc import Callable
from datetime import date
from itertools import count
from typing import Any

import pytest

from patients.models import Patient
from patients.validators import cpf_check_digit

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
