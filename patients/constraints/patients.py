"""The rules of patients that the database holds: their names, meanings and SQL.

Two are looser than in Python, so that they never refuse what Python accepts: an e-mail is checked
for its shape only, and a birth date may be one day ahead (below).
"""

from functools import reduce
from operator import add

from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.functions import Left, Length, Repeat, Substr
from django.utils.translation import gettext_lazy as _

from core.constraints import Rule
from patients import validators

RULES = {
    "patients_patient_name_length": Rule("name", "length", _("A name has 2 to 100 characters.")),
    "patients_patient_name_printable": Rule(
        "name", "control_character", _("A name can't hold control characters.")
    ),
    "patients_patient_name_trimmed": Rule(
        "name", "untrimmed", _("A name doesn't begin or end with a blank.")
    ),
    "patients_patient_email_form": Rule("email", "invalid", _("Enter a valid email address.")),
    "patients_patient_phone_e164": Rule(
        "phone",
        "invalid_phone",
        _("Give the phone with country and area code, for example +5511987654321."),
    ),
    "patients_patient_cpf_digits": Rule("cpf", "invalid_cpf", _("This CPF is not valid.")),
    "patients_patient_cpf_check_digits": Rule("cpf", "invalid_cpf", _("This CPF is not valid.")),
    "patients_patient_cpf_not_repeated": Rule("cpf", "invalid_cpf", _("This CPF is not valid.")),
    "patients_patient_cpf_unique": Rule(
        "cpf", "unique", _("Another patient of the clinic has this CPF."), 409
    ),
    "patients_patient_birth_date_not_future": Rule(
        "birth_date", "in_future", _("The birth date can't be in the future.")
    ),
    "patients_patient_birth_date_since_1900": Rule(
        "birth_date", "too_early", _("The birth date can't be before 1900.")
    ),
    "patients_patient_medical_history_length": Rule(
        "medical_history", "max_length", _("The medical history has at most 5,000 characters.")
    ),
    # The name that PostgreSQL gives to a OneToOneField's constraint.
    "patients_patient_user_id_key": Rule(
        "user", "unique", _("Another patient has this sign-in."), 409
    ),
}


def _check(name: str, condition: Q) -> models.CheckConstraint:
    return models.CheckConstraint(condition=condition, name=name)


def _character(position: int) -> Func:
    # ascii() takes any text. A cast would fail, before the check of the form is reached.
    letter = Substr("cpf", position, 1)
    return Func(letter, function="ascii", output_field=models.IntegerField())


def _check_digit_fits(position: int) -> models.lookups.Exact:
    """SQL of `validators.cpf_check_digit` for the digit at position 10 or 11."""
    weights = {place: position + 1 - place for place in range(1, position)}
    terms = [_character(place) * Value(weight) for place, weight in weights.items()]
    total = reduce(add, terms) - Value(ord("0") * sum(weights.values()))
    digit = _character(position) - Value(ord("0"))
    return models.lookups.Exact(digit, total * Value(10) % Value(11) % Value(10))


def patient_constraints() -> list[models.BaseConstraint]:
    """The constraints of `patients_patient`, each named in RULES."""
    shortest, longest = validators.NAME_LENGTH
    length = Length("name")

    return [
        _check(
            "patients_patient_name_length",
            Q(models.lookups.GreaterThanOrEqual(length, shortest))
            & Q(models.lookups.LessThanOrEqual(length, longest)),
        ),
        _check("patients_patient_name_printable", ~Q(name__regex=validators.CONTROL)),
        _check("patients_patient_name_trimmed", ~Q(name__regex=validators.UNTRIMMED)),
        _check("patients_patient_email_form", Q(email__regex=validators.EMAIL_STORED)),
        _check("patients_patient_phone_e164", Q(phone__regex=validators.PHONE_STORED)),
        _check("patients_patient_cpf_digits", Q(cpf__regex=validators.CPF_STORED)),
        _check(
            "patients_patient_cpf_check_digits", Q(_check_digit_fits(10)) & Q(_check_digit_fits(11))
        ),
        _check("patients_patient_cpf_not_repeated", ~Q(cpf=Repeat(Left("cpf", 1), 11))),
        models.UniqueConstraint(
            fields=["cpf"], condition=Q(deleted_at=None), name="patients_patient_cpf_unique"
        ),
        # CURRENT_DATE only grows: a row that passed once passes again on restore and replay. The
        # extra day is for clinics east of the session's time zone (UTC).
        _check(
            "patients_patient_birth_date_not_future",
            Q(birth_date__lte=Func(template="(CURRENT_DATE + 1)", output_field=models.DateField())),
        ),
        _check(
            "patients_patient_birth_date_since_1900",
            Q(birth_date__gte=validators.EARLIEST_BIRTH),
        ),
        _check(
            "patients_patient_medical_history_length",
            Q(models.lookups.LessThanOrEqual(Length("medical_history"), validators.HISTORY_LENGTH)),
        ),
    ]
