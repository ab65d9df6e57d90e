"""Each rule of a patient, held by the model, and by the database when no Python asks."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connections, transaction
from django.utils import timezone

from core.constraints import constraint_of, rule_of
from patients.constraints import RULES
from patients.models import Patient
from patients.validators import validate_cpf
from tenants.context import ClinicRoute
from tests.people import Everybody

PREFIX = "patients_patient_"
# field, value, constraint that refuses it in the database, code that the model gives
REFUSED = [
    ("name", "", "name_length", "blank"),
    ("name", "A", "name_length", "min_length"),
    ("name", "A\nB", "name_printable", "control_character"),
    ("name", "A\u0085B", "name_printable", "control_character"),
    ("name", "Ana\u202egnp.exe", "name_printable", "control_character"),
    ("email", "ana", "email_form", "invalid"),
    ("email", "ana souza@norte.example", "email_form", "invalid"),
    ("phone", "", "phone_e164", "blank"),
    ("phone", "+0511988887777", "phone_e164", "invalid_phone"),
    ("phone", "+5", "phone_e164", "invalid_phone"),
    ("phone", "+55 11 98888", "phone_e164", "invalid_phone"),
    ("phone", "+５５11988887777", "phone_e164", "invalid_phone"),
    ("cpf", "5299822472", "cpf_digits", "invalid_cpf"),
    ("cpf", "5299822472٥", "cpf_digits", "invalid_cpf"),
    ("cpf", "52998224724", "cpf_check_digits", "invalid_cpf"),
    ("cpf", "52998224735", "cpf_check_digits", "invalid_cpf"),
    ("cpf", "00000000000", "cpf_not_repeated", "invalid_cpf"),
    ("cpf", "99999999999", "cpf_not_repeated", "invalid_cpf"),
    ("birth_date", date(1899, 12, 31), "birth_date_since_1900", "too_early"),
    ("birth_date", date(9999, 12, 31), "birth_date_not_future", "in_future"),
    ("medical_history", "x" * 5_001, "medical_history_length", "max_length"),
]
ACCEPTED = [
    ("name", "Zé"),
    ("name", "M" * 100),
    ("name", "Nhá-Chica d'Ávila 李"),
    ("email", ""),
    ("email", "ana@norte.example"),
    ("phone", "+12"),
    ("phone", "+123456789012345"),
    ("cpf", "00000000191"),
    ("cpf", "52998224725"),
    ("birth_date", date(1900, 1, 1)),
    ("birth_date", date(2000, 2, 29)),
    ("medical_history", "é" * 5_000),
]


def refuse(patient: Patient) -> str:
    """The constraint by which the database refuses the row, without any Python rule."""
    with (
        pytest.raises(IntegrityError) as refused,
        transaction.atomic(using="shard_1"),
    ):
        Patient.objects.bulk_create([patient])

    return str(constraint_of(refused.value)).removeprefix(PREFIX)


@pytest.mark.parametrize(("field", "value", "constraint", "code"), REFUSED)
def test_model_and_database_refuse(
    in_norte: ClinicRoute,
    a_patient: Callable[..., Patient],
    field: str,
    value: Any,
    constraint: str,
    code: str,
) -> None:
    patient = a_patient(**{field: value})

    with pytest.raises(ValidationError) as refused:
        patient.full_clean()

    assert code in {error.code for error in refused.value.error_dict[field]}

    found = refuse(a_patient(**{field: value}))

    # PostgreSQL checks in the order of the names: a digit too few may break another rule first.
    assert rule_of(PREFIX + found) is not None
    assert RULES[PREFIX + found].field == field
    assert found == constraint or constraint == "cpf_digits"


@pytest.mark.parametrize(("field", "value"), ACCEPTED)
def test_model_and_database_accept(
    in_norte: ClinicRoute,
    people: Everybody,
    a_patient: Callable[..., Patient],
    field: str,
    value: Any,
) -> None:
    Patient.objects.filter(pk=people.norte.record.pk).update(deleted_at=timezone.now())
    patient = a_patient(**{field: value})

    patient.full_clean()
    patient.save()

    assert getattr(Patient.objects.get(pk=patient.pk), field) == value


def test_the_model_tidies_what_people_type(
    in_norte: ClinicRoute, a_patient: Callable[..., Patient]
) -> None:
    patient = a_patient(name=" Jose\u0301 Lima\u00a0", phone="5511988887777", cpf="111.444.777-35")

    patient.full_clean()

    assert (patient.name, patient.phone, patient.cpf) == (
        "José Lima",
        "+5511988887777",
        "11144477735",
    )


def test_the_database_refuses_a_name_that_is_not_trimmed(
    in_norte: ClinicRoute, a_patient: Callable[..., Patient]
) -> None:
    assert refuse(a_patient(name=" Ana")) == "name_trimmed"
    assert refuse(a_patient(name="Ana\u3000")) == "name_trimmed"


def test_a_name_that_is_too_long_is_refused(
    in_norte: ClinicRoute, a_patient: Callable[..., Patient]
) -> None:
    with pytest.raises(ValidationError):
        a_patient(name="M" * 101).full_clean()
    with pytest.raises(DataError), transaction.atomic(using="shard_1"):
        a_patient(name="M" * 101).save()


@pytest.mark.parametrize("field", ["name", "medical_history"])
def test_nul_is_refused_before_the_database_sees_it(
    in_norte: ClinicRoute, a_patient: Callable[..., Patient], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        a_patient(**{field: "Ana\0Souza"}).full_clean()
    assert field in refused.value.error_dict


@pytest.mark.parametrize("cpf", ["529.982.247-25", "529982247-25", "52998224725"])
def test_a_cpf_may_be_punctuated(cpf: str) -> None:
    validate_cpf(cpf)


@pytest.mark.parametrize("cpf", ["529-982-247.25", "5 2998224725", "52998224725\n", "", "abc"])
def test_a_cpf_may_not_be_punctuated_otherwise(cpf: str) -> None:
    with pytest.raises(ValidationError):
        validate_cpf(cpf)


def test_one_cpf_one_patient_until_the_first_is_deleted(
    in_norte: ClinicRoute, people: Everybody, a_patient: Callable[..., Patient]
) -> None:
    record = people.norte.record

    assert refuse(a_patient(cpf=record.cpf)) == "cpf_unique"
    with pytest.raises(ValidationError) as refused:
        a_patient(cpf=record.cpf).full_clean()

    assert refused.value.error_dict["cpf"][0].code == "unique"

    Patient.objects.filter(pk=record.pk).update(deleted_at=timezone.now())
    a_patient(cpf=record.cpf).save()


def test_one_sign_in_one_patient(
    in_norte: ClinicRoute, people: Everybody, a_patient: Callable[..., Patient]
) -> None:
    assert refuse(a_patient(user=people.norte.patient)) == "user_id_key"


def test_only_a_therapist_treats_and_only_a_patient_signs_in_as_one(
    in_norte: ClinicRoute, people: Everybody, a_patient: Callable[..., Patient]
) -> None:
    patient = a_patient(therapist=people.norte.manager, user=people.norte.receptionist)
    with pytest.raises(ValidationError) as refused:
        patient.full_clean()
    codes = {field: errors[0].code for field, errors in refused.value.error_dict.items()}
    assert codes == {"therapist": "not_a_therapist", "user": "not_a_patient"}


@pytest.mark.parametrize(
    ("zone", "now", "born", "right"),
    [
        # Half past one in UTC is still yesterday in São Paulo, and already tomorrow noon elsewhere.
        ("America/Sao_Paulo", datetime(2026, 3, 2, 1, 30, tzinfo=UTC), date(2026, 3, 1), True),
        ("America/Sao_Paulo", datetime(2026, 3, 2, 1, 30, tzinfo=UTC), date(2026, 3, 2), False),
        ("Pacific/Kiritimati", datetime(2026, 3, 2, 11, 0, tzinfo=UTC), date(2026, 3, 3), True),
    ],
)
def test_the_future_begins_by_the_clinics_clock(
    in_norte: ClinicRoute,
    a_patient: Callable[..., Patient],
    monkeypatch: pytest.MonkeyPatch,
    zone: str,
    now: datetime,
    born: date,
    right: bool,
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: now)

    with timezone.override(zone):
        if right:
            a_patient(birth_date=born).full_clean(validate_constraints=False)
            return
        with pytest.raises(ValidationError):
            a_patient(birth_date=born).full_clean(validate_constraints=False)


def test_the_database_allows_a_day_more_for_clinics_in_the_east(
    in_norte: ClinicRoute, a_patient: Callable[..., Patient]
) -> None:
    with connections["shard_1"].cursor() as cursor:
        cursor.execute("SELECT current_date")
        (today,) = cursor.fetchone()
    a_patient(birth_date=today + timedelta(days=1)).save()
    assert refuse(a_patient(birth_date=today + timedelta(days=2))) == "birth_date_not_future"


def test_every_constraint_of_the_table_has_a_meaning(in_norte: ClinicRoute) -> None:
    with connections["shard_1"].cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'patients_patient'::regclass"
            " AND contype IN ('c', 'u', 'x')"
        )
        names = {name for (name,) in cursor.fetchall()}
    assert names <= RULES.keys(), "Add the constraint to patients.constraints.RULES."
    assert {c.name for c in Patient._meta.constraints} <= RULES.keys()
