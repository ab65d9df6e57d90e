"""The rules of names, phones and CPFs: pure functions and patterns, shared with the constraints.

The patterns mean the same in Python, PostgreSQL and OpenAPI: ASCII classes only, no `\\d`.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

NAME_LENGTH = (2, 100)  # characters
HISTORY_LENGTH = 5_000  # characters
EARLIEST_BIRTH = date(1900, 1, 1)
# E.164 as the mobile apps check it: ^\+?[1-9]\d{1,14}$, the digits being ASCII.
PHONE_INPUT = r"^\+?[1-9][0-9]{1,14}$"
PHONE_STORED = r"^\+[1-9][0-9]{1,14}$"
CPF_INPUT = r"^[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}-?[0-9]{2}$"
CPF_STORED = r"^[0-9]{11}$"
EMAIL_STORED = (
    r"^([^@[:space:]]+@[^@[:space:]]+)?$"  # the database's; Django's validator is stricter
)
# Controls, line and paragraph separators, and marks that change the direction of what follows.
_CONTROLS = r"\u0001-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069"
CONTROL = rf"[{_CONTROLS}]"
NAME_INPUT = rf"^[^\u0000{_CONTROLS}]*$"
# What Python's strip() strips, except what CONTROL already refuses.
_BLANK = r"[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]"
UNTRIMMED = rf"^{_BLANK}|{_BLANK}$"


def tidy_name(value: str) -> str:
    """The name as it is stored: trimmed, in Unicode's composed form."""
    return unicodedata.normalize("NFC", value).strip()


def tidy_phone(value: str) -> str:
    """The phone as it is stored: with its plus."""
    return f"+{value}" if re.fullmatch(PHONE_INPUT, value) and value[0] != "+" else value


def tidy_cpf(value: str) -> str:
    """The CPF as it is stored: digits, without the usual punctuation."""
    return re.sub(r"[.-]", "", value) if re.fullmatch(CPF_INPUT, value) else value


def validate_name(value: str) -> None:
    """Raises ValidationError for control characters (NUL included)."""
    if "\0" in value or re.search(CONTROL, value):
        raise ValidationError(_("A name can't hold control characters."), code="control_character")


def validate_text(value: str) -> None:
    """Raises ValidationError for NUL, which PostgreSQL can't store."""
    if "\0" in value:
        raise ValidationError(
            _("Null characters are not allowed."), code="null_characters_not_allowed"
        )


def validate_phone(value: str) -> None:
    """Raises ValidationError unless the phone is E.164; the plus may be missing."""
    if not re.fullmatch(PHONE_INPUT, value):
        raise ValidationError(
            _("Give the phone with country and area code, for example +5511987654321."),
            code="invalid_phone",
        )


def validate_cpf(value: str) -> None:
    """Raises ValidationError unless the check digits fit; takes the usual punctuation.

    Eleven equal digits have fitting check digits, but the Receita Federal doesn't issue them.
    """
    digits = [int(digit) for digit in tidy_cpf(value)] if re.fullmatch(CPF_INPUT, value) else []
    if (
        not digits
        or len(set(digits)) == 1
        or digits[9:] != [cpf_check_digit(digits[:9]), cpf_check_digit(digits[:10])]
    ):
        raise ValidationError(_("This CPF is not valid."), code="invalid_cpf")


def cpf_check_digit(digits: Iterable[int]) -> int:
    """The check digit that follows the first nine or ten digits of a CPF.

    Weights fall to 2; the digit is ten times the sum, modulo 11, where 10 counts as 0 (Receita
    Federal).
    """
    known = list(digits)
    weights = range(len(known) + 1, 1, -1)
    return sum(d * w for d, w in zip(known, weights, strict=True)) * 10 % 11 % 10


def validate_birth_date(value: date) -> None:
    """Raises ValidationError for a date in the clinic's future, or before 1900."""
    if value > timezone.localdate():
        raise ValidationError(_("The birth date can't be in the future."), code="in_future")
    if value < EARLIEST_BIRTH:
        raise ValidationError(_("The birth date can't be before 1900."), code="too_early")
