"""Patients over HTTP, as each of the clinic's people."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.signing import b64_decode

from patients.models import Patient
from tenants.context import ClinicRoute, clinic_scope
from tests.patients.conftest import errors_of
from tests.people import Api, Everybody

URL = "/api/v1/patients"
ANA = {
    "name": "Ana Conceição",
    "phone": "5511988887777",
    "cpf": "111.444.777-35",
    "birth_date": "1992-02-29",
}


def test_reception_registers_and_finds_a_patient(api: Api, people: Everybody) -> None:
    reception = api(people.norte.receptionist)
    made = reception.post(URL, ANA)

    assert made.status_code == 201, made.json()
    assert made.json()["cpf"] == "11144477735"
    assert made.json()["phone"] == "+5511988887777"
    assert reception.get(made["Location"]).json() == made.json()

    for query in ("conceicao", "ANA con", "Conceição", "111.444", "11144477735"):
        found = reception.get(URL, {"q": query}).json()["results"]
        assert [patient["name"] for patient in found] == ["Ana Conceição"], query

    assert reception.get(URL, {"q": "conceicao souza"}).json()["results"] == []
    assert reception.get(URL, {"q": "%"}).json()["results"] == []


def test_reception_neither_sees_nor_writes_the_medical_history(api: Api, people: Everybody) -> None:
    reception, record = api(people.norte.receptionist), f"{URL}/{people.norte.record.pk}"

    assert "medical_history" not in reception.get(record).json()
    assert all("medical_history" not in p for p in reception.get(URL).json()["results"])
    for refused in (
        reception.post(URL, ANA | {"medical_history": "Ciatalgia."}),
        reception.patch(record, {"medical_history": "Ciatalgia."}),
    ):
        assert refused.status_code == 400
        assert errors_of(refused) == {"/medical_history": "not_permitted"}


def test_reception_changes_a_phone_and_deletes_no_patient(api: Api, people: Everybody) -> None:
    reception, record = api(people.norte.receptionist), f"{URL}/{people.norte.record.pk}"
    assert reception.patch(record, {"phone": "5521"}).json()["phone"] == "+5521"
    assert reception.delete(record).status_code == 403
    assert reception.patch(record, {"user": None}).status_code == 400


def test_a_therapist_sees_and_treats_only_their_own_patients(api: Api, people: Everybody) -> None:
    manager, therapist = api(people.norte.manager), api(people.norte.therapist)
    other = manager.post(URL, ANA).json()
    own = f"{URL}/{people.norte.record.pk}"

    assert [p["id"] for p in therapist.get(URL).json()["results"]] == [str(people.norte.record.pk)]
    assert therapist.get(f"{URL}/{other['id']}").status_code == 404
    assert therapist.patch(f"{URL}/{other['id']}", {"medical_history": "x"}).status_code == 404

    changed = therapist.patch(own, {"medical_history": "Lombalgia crônica."})
    assert changed.json()["medical_history"] == "Lombalgia crônica."

    refused = therapist.patch(own, {"phone": "5521"})

    assert errors_of(refused) == {"/phone": "not_permitted"}
    assert therapist.post(URL, ANA).status_code == 403
    assert therapist.delete(own).status_code == 403


def test_a_patient_reads_only_their_own_record(api: Api, people: Everybody) -> None:
    other = api(people.norte.owner).post(URL, ANA).json()
    patient = api(people.norte.patient)
    own = f"{URL}/{people.norte.record.pk}"

    assert [p["id"] for p in patient.get(URL).json()["results"]] == [str(people.norte.record.pk)]
    assert patient.get(own).json()["medical_history"] == "Lombalgia."
    assert patient.get(f"{URL}/{other['id']}").status_code == 404
    assert patient.patch(own, {"phone": "5521"}).status_code == 403
    assert patient.post(URL, ANA).status_code == 403
    assert patient.delete(own).status_code == 403


@pytest.mark.parametrize("role", ["owner", "manager"])
def test_owner_and_manager_may_do_everything(api: Api, people: Everybody, role: str) -> None:
    boss = api(getattr(people.norte, role))
    made = boss.post(URL, ANA | {"medical_history": "Ciatalgia.", "email": "ana@norte.example"})
    path = made["Location"]
    therapist = str(people.norte.therapist.pk)

    assert boss.patch(path, {"therapist": therapist}).json()["therapist"] == therapist
    assert boss.delete(path).status_code == 204
    assert boss.get(path).status_code == 404
    assert boss.delete(path).status_code == 404
    assert boss.post(URL, ANA).status_code == 201


def test_the_owner_of_sul_sees_nothing_of_norte(api: Api, people: Everybody) -> None:
    outsider = api(people.sul.owner)
    record = f"{URL}/{people.norte.record.pk}"
    assert outsider.get(record).status_code == 404
    assert outsider.patch(record, {"phone": "5521"}).status_code == 404
    assert outsider.delete(record).status_code == 404
    refused = outsider.post(URL, ANA | {"therapist": str(people.norte.therapist.pk)})
    assert errors_of(refused) == {"/therapist": "does_not_exist"}


def test_without_a_token_there_is_nothing(api: Api, norte: ClinicRoute) -> None:
    for answer in (api(None).get(URL), api(None).post(URL, ANA)):
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer.json()["code"] == "not_authenticated"


def test_every_wrong_field_is_named_at_once(api: Api, people: Everybody) -> None:
    refused = api(people.norte.manager).post(
        URL,
        {
            "name": "\tA",
            "phone": 11988887777,
            "cpf": "11111111111",
            "birth_date": "29/02/1992",
            "email": "ana",
            "therapist": "x",
            "favourite_colour": "blue",
            "created_at": "2026-01-01T00:00:00Z",
        },
    )

    assert refused.status_code == 400
    assert errors_of(refused) == {
        "/name": "min_length",
        "/phone": "invalid",
        "/cpf": "invalid_cpf",
        "/birth_date": "invalid",
        "/email": "invalid",
        "/therapist": "invalid",
        "/favourite_colour": "unknown_field",
        "/created_at": "read_only",
    }


def test_every_missing_field_is_named_at_once(api: Api, people: Everybody) -> None:
    missing = api(people.norte.manager).post(URL, {})
    assert set(errors_of(missing)) == {"/name", "/phone", "/cpf", "/birth_date"}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "A" * 101, "max_length"),
        ("name", "Ana\0Lima", "null_characters_not_allowed"),
        ("name", "Ana\u0007Lima", "control_character"),
        ("name", None, "null"),
        ("phone", "+0511", "invalid_phone"),
        ("phone", "٥٥١١", "invalid_phone"),
        ("cpf", "111.444.777-36", "invalid_cpf"),
        ("birth_date", "2101-01-01", "in_future"),
        ("birth_date", "1899-12-31", "too_early"),
        ("birth_date", "2023-02-29", "invalid"),
        ("birth_date", "20000101", "invalid"),
        ("medical_history", "x" * 5001, "max_length"),
        ("medical_history", "a\0", "null_characters_not_allowed"),
    ],
)
def test_a_wrong_value_is_refused_by_field_and_code(
    api: Api, people: Everybody, field: str, value: Any, code: str
) -> None:
    refused = api(people.norte.manager).post(URL, ANA | {field: value})
    assert refused.status_code == 400
    assert errors_of(refused)[f"/{field}"] == code


def test_a_manager_is_no_therapist(api: Api, people: Everybody) -> None:
    manager = people.norte.manager
    refused = api(manager).post(URL, ANA | {"therapist": str(manager.pk)})
    assert errors_of(refused) == {"/therapist": "not_a_therapist"}


def test_a_cpf_that_is_taken_answers_409_and_shows_no_value(api: Api, people: Everybody) -> None:
    refused = api(people.norte.receptionist).post(URL, ANA | {"cpf": people.norte.record.cpf})
    assert refused.status_code == 409
    assert errors_of(refused) == {"/cpf": "unique"}
    assert people.norte.record.cpf not in refused.content.decode()


def test_pages_hold_every_patient_once_in_order(
    api: Api, people: Everybody, norte: ClinicRoute, a_patient: Callable[..., Patient]
) -> None:
    names = [f"Paciente {n % 3}" for n in range(7)]

    with clinic_scope(norte):
        Patient.objects.bulk_create([a_patient(name=name) for name in names])

    owner, seen, cursor = api(people.norte.owner), [], None

    for _ in range(3):
        page = owner.get(URL, {"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        seen += page["results"]
        cursor = page["next_cursor"]

    assert cursor is None
    assert len({patient["id"] for patient in seen}) == 8
    assert [patient["name"] for patient in seen] == sorted([*names, "Paciente Modelo"])


def test_a_page_goes_on_after_its_last_patient_was_deleted(
    api: Api, people: Everybody, norte: ClinicRoute, a_patient: Callable[..., Patient]
) -> None:
    with clinic_scope(norte):
        Patient.objects.bulk_create([a_patient(name=f"Paciente {n}") for n in range(3)])

    owner = api(people.norte.owner)
    query: dict[str, Any] = {"limit": 2, "ordering": "-name"}
    page = owner.get(URL, query).json()

    assert owner.delete(f"{URL}/{page['results'][-1]['id']}").status_code == 204

    rest = owner.get(URL, query | {"cursor": page["next_cursor"]}).json()
    assert [patient["name"] for patient in rest["results"]] == ["Paciente 1", "Paciente 0"]


def test_a_cursor_carries_no_name(
    api: Api, people: Everybody, norte: ClinicRoute, a_patient: Callable[..., Patient]
) -> None:
    with clinic_scope(norte):
        a_patient(name="Aparecida").save()

    page = api(people.norte.owner).get(URL, {"limit": 1}).json()

    with clinic_scope(norte):
        (first,) = Patient.objects.filter(name="Aparecida")

    payload = b64_decode(page["next_cursor"].rpartition(":")[0].encode())

    assert payload == f'["name","{first.pk}"]'.encode()


def test_filters(api: Api, people: Everybody) -> None:
    owner = api(people.norte.owner)
    therapist = str(people.norte.therapist.pk)
    made = owner.post(URL, ANA).json()
    assert len(owner.get(URL, {"therapist": therapist}).json()["results"]) == 1
    after = owner.get(URL, {"created_after": people.norte.record.created_at.isoformat()}).json()
    assert [patient["id"] for patient in after["results"]] == [made["id"]]
    before = owner.get(URL, {"created_before": made["created_at"]}).json()
    assert [patient["id"] for patient in before["results"]] == [str(people.norte.record.pk)]
