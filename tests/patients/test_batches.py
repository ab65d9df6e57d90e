"""Many patients at once: checked like one, named by index, written all or not at all."""

from typing import Any

import pytest
from django.db import connections
from pytest_django import DjangoAssertNumQueries

from patients.models import Patient
from patients.validators import cpf_check_digit
from tenants.context import ClinicRoute, clinic_scope
from tests.people import Api, Everybody

VALIDATE, BATCH = "/api/v1/patients/validate", "/api/v1/patients/batch"


def cpf(number: int) -> str:
    digits = [int(digit) for digit in f"{number:09d}"]
    for _ in range(2):
        digits.append(cpf_check_digit(digits))
    return "".join(map(str, digits))


def patient(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "name": f"Pessoa {number}",
        "phone": "5511988887777",
        "cpf": cpf(number),
        "birth_date": "1990-01-31",
    } | changes


def test_validate_counts_and_names_errors_and_writes_nothing(
    api: Api, people: Everybody, in_norte: object
) -> None:
    before = Patient.objects.count()
    body = [
        patient(1),
        patient(2, name="A", phone="0800"),
        "nobody",
        patient(1),
        patient(3, cpf="52998224725"),
        patient(4, medical_history="Dor."),
        patient(5, therapist=str(people.norte.therapist.pk)),
        patient(6, therapist=str(people.norte.manager.pk)),
        patient(7, therapist=str(people.sul.therapist.pk)),
    ]

    answer = api(people.norte.receptionist).post(VALIDATE, body)

    assert answer.status_code == 200

    verdict = answer.json()
    assert (verdict["valid_count"], verdict["invalid_count"]) == (2, 7)
    assert [item["cpf"] for item in verdict["valid_data"]] == [cpf(1), cpf(5)]
    assert verdict["valid_data"][0]["phone"] == "+5511988887777"

    found = {
        item["index"]: [(error["field"], error["code"]) for error in item["errors"]]
        for item in verdict["errors"]
    }
    assert found == {
        1: [("name", "min_length"), ("phone", "invalid_phone")],
        2: [("", "invalid")],
        3: [("cpf", "unique")],
        4: [("cpf", "unique")],
        5: [("medical_history", "not_permitted")],
        7: [("therapist", "not_a_therapist")],
        8: [("therapist", "does_not_exist")],
    }
    assert all(error["message"] for item in verdict["errors"] for error in item["errors"])
    assert Patient.objects.count() == before


@pytest.mark.parametrize("body", [{}, [], "x", None, [{}] * 1001])
def test_a_body_that_is_no_batch_is_refused(api: Api, people: Everybody, body: Any) -> None:
    for url in (VALIDATE, BATCH):
        answer = api(people.norte.owner).post(url, body, format="json")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["code"] == "not_a_batch"


def test_a_batch_is_written_whole_or_not_at_all(
    api: Api, people: Everybody, norte: ClinicRoute
) -> None:
    reception = api(people.norte.receptionist)
    refused = reception.post(BATCH, [patient(1), patient(2, cpf="11111111111")])

    assert refused.status_code == 400
    assert refused.json()["code"] == "invalid_batch"
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [
        ("/1/cpf", "invalid_cpf")
    ]

    with clinic_scope(norte):
        assert not Patient.objects.filter(cpf=cpf(1)).exists()

    made = reception.post(BATCH, [patient(1), patient(2)])

    assert made.status_code == 201
    assert [item["name"] for item in made.json()] == ["Pessoa 1", "Pessoa 2"]

    with clinic_scope(norte):
        assert Patient.objects.filter(cpf__in=[cpf(1), cpf(2)]).count() == 2


def test_a_thousand_items_take_a_handful_of_queries(
    api: Api, people: Everybody, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    owner = api(people.norte.owner)
    therapist = str(people.norte.therapist.pk)
    body = [patient(n, therapist=therapist) for n in range(1, 1001)]

    with django_assert_max_num_queries(8, connection=connections["shard_1"]):
        answer = owner.post(VALIDATE, body)

    assert answer.json()["valid_count"] == 1000


def test_appointments_are_judged_by_their_own_rules(api: Api, people: Everybody) -> None:
    record, therapist = str(people.norte.record.pk), str(people.norte.therapist.pk)
    good = {
        "patient": record,
        "therapist": therapist,
        "start_time": "2026-12-01T09:00:00-03:00",
        "end_time": "2026-12-01T10:00:00-03:00",
    }
    body = [
        good,
        good | {"end_time": "2026-12-01T09:14:59-03:00"},
        good | {"end_time": "2026-12-01T13:00:01-03:00"},
        good | {"end_time": "2026-12-01T08:00:00-03:00"},
        good | {"therapist": str(people.norte.owner.pk)},
        good | {"patient": str(people.sul.record.pk)},
    ]
    verdict = api(people.norte.receptionist).post("/api/v1/appointments/validate", body).json()

    assert verdict["valid_count"] == 1
    assert [item["index"] for item in verdict["errors"]] == [1, 2, 3, 4, 5]
