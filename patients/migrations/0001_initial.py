"""Patients, with every rule that the database can hold."""

from datetime import date
from functools import reduce
from operator import add

import django.core.validators
import django.db.models.deletion
import core.ids
import patients.validators
from django.conf import settings
from django.db import migrations, models
from django.db.models import lookups
from django.db.models.functions import Left, Length, Lower, Repeat, Substr


def character(position):
    letter = Substr("cpf", position, 1)
    return models.Func(letter, function="ascii", output_field=models.IntegerField())


def check_digit_fits(position):
    """The CPF's digit at 10 or 11 follows from those before it."""
    weights = {place: position + 1 - place for place in range(1, position)}
    terms = [character(place) * models.Value(weight) for place, weight in weights.items()]
    total = reduce(add, terms) - models.Value(ord("0") * sum(weights.values()))
    digit = character(position) - models.Value(ord("0"))
    rest = total * models.Value(10) % models.Value(11) % models.Value(10)
    return lookups.Exact(digit, rest)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Patient",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "name",
                    models.CharField(
                        max_length=100,
                        validators=[
                            django.core.validators.MinLengthValidator(2),
                            patients.validators.validate_name,
                        ],
                        verbose_name="name",
                    ),
                ),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail")),
                (
                    "phone",
                    models.CharField(
                        help_text="With country and area code, for example +5511987654321.",
                        max_length=16,
                        validators=[patients.validators.validate_phone],
                        verbose_name="phone",
                    ),
                ),
                (
                    "cpf",
                    models.CharField(
                        max_length=11,
                        validators=[patients.validators.validate_cpf],
                        verbose_name="CPF",
                    ),
                ),
                (
                    "birth_date",
                    models.DateField(
                        validators=[patients.validators.validate_birth_date],
                        verbose_name="birth date",
                    ),
                ),
                (
                    "medical_history",
                    models.TextField(
                        blank=True,
                        max_length=5000,
                        validators=[patients.validators.validate_text],
                        verbose_name="medical history",
                    ),
                ),
                (
                    "deleted_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="deleted at"
                    ),
                ),
                (
                    "search_name",
                    models.GeneratedField(
                        db_persist=True,
                        expression=Lower(
                            models.Func(
                                models.Func(
                                    models.F("name"), template="normalize(%(expressions)s, NFKD)"
                                ),
                                models.Value("[\\u0300-\\u036f]"),
                                models.Value(""),
                                models.Value("g"),
                                function="regexp_replace",
                            ),
                            output_field=models.TextField(),
                        ),
                        output_field=models.TextField(),
                    ),
                ),
                (
                    "therapist",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="patients",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="therapist",
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        blank=True,
                        help_text="The patient's own sign-in, if they have one.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="patient",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="sign-in",
                    ),
                ),
            ],
            options={
                "verbose_name": "patient",
                "verbose_name_plural": "patients",
                "indexes": [
                    models.Index(fields=["search_name", "id"], name="patients_patient_by_name"),
                    models.Index(fields=["created_at", "id"], name="patients_patient_by_created"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            lookups.GreaterThanOrEqual(Length("name"), 2),
                            lookups.LessThanOrEqual(Length("name"), 100),
                        ),
                        name="patients_patient_name_length",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "name__regex",
                                "[\\u0001-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]",
                            ),
                            _negated=True,
                        ),
                        name="patients_patient_name_printable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "name__regex",
                                "^[ \\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000]|[ \\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000]$",
                            ),
                            _negated=True,
                        ),
                        name="patients_patient_name_trimmed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("email__regex", "^([^@[:space:]]+@[^@[:space:]]+)?$")),
                        name="patients_patient_email_form",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("phone__regex", "^\\+[1-9][0-9]{1,14}$")),
                        name="patients_patient_phone_e164",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cpf__regex", "^[0-9]{11}$")),
                        name="patients_patient_cpf_digits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(check_digit_fits(10), check_digit_fits(11)),
                        name="patients_patient_cpf_check_digits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cpf", Repeat(Left("cpf", 1), 11)), _negated=True),
                        name="patients_patient_cpf_not_repeated",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("deleted_at", None)),
                        fields=("cpf",),
                        name="patients_patient_cpf_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "birth_date__lte",
                                models.Func(
                                    output_field=models.DateField(), template="(CURRENT_DATE + 1)"
                                ),
                            )
                        ),
                        name="patients_patient_birth_date_not_future",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("birth_date__gte", date(1900, 1, 1))),
                        name="patients_patient_birth_date_since_1900",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            lookups.LessThanOrEqual(Length("medical_history"), 5000)
                        ),
                        name="patients_patient_medical_history_length",
                    ),
                ],
            },
        ),
    ]
