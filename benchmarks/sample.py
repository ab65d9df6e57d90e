"""Patients for the benchmarks, each the same for the same number."""

from patients.models import Patient
from patients.validators import cpf_check_digit


def patient(number: int) -> Patient:
    """An unsaved patient with a text of 200 characters; `number` is below 900 million."""
    return Patient(
        name=f"Pessoa {number} da Conceição",
        phone="+5511988887777",
        cpf=cpf(number),
        birth_date="1990-01-31",
        medical_history="Lombalgia crônica há dois anos, sem irradiação. " * 4,
    )


def cpf(number: int) -> str:
    """A valid CPF, different for each number."""
    digits = [int(digit) for digit in f"{100_000_000 + number}"]
    for _ in range(2):
        digits.append(cpf_check_digit(digits))
    return "".join(map(str, digits))
