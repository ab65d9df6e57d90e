"""Consents: what reception and patients do with them, and what the database never lets change."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from core.constraints import FieldConflict
from core.errors import FieldError
from patients.errors import ConsentWithdrawn
from patients.models import Consent, ConsentText, Patient
from patients.services import consent_give, consent_text_create, consent_withdraw
from tenants.context import ClinicRoute, clinic_scope
from tests.patients.conftest import errors_of
from tests.people import Api, Everybody, FreshClinic, InThreads

URL = "/api/v1/consents"
TEXTS = "/api/v1/consent-texts"
MARKETING = {"purpose": "marketing", "version": "2026-1", "body": "Aceito receber novidades."}


@pytest.fixture
def text(api: Api, people: Everybody) -> dict[str, Any]:
    made: dict[str, Any] = api(people.norte.owner).post(TEXTS, MARKETING).json()
    return made


@pytest.fixture
def on_paper(people: Everybody, text: dict[str, Any]) -> dict[str, Any]:
    return {"patient": str(people.norte.record.pk), "text": text["id"], "channel": "paper"}


def test_reception_records_a_consent_and_the_patient_withdraws_it(
    api: Api, people: Everybody, on_paper: dict[str, Any], text: dict[str, Any]
) -> None:
    made = api(people.norte.receptionist).post(URL, on_paper)

    assert made.status_code == 201, made.json()
    assert made.json()["purpose"] == "marketing"
    assert made.json()["text_version"] == "2026-1"
    assert made.json()["withdrawn_at"] is None

    patient = api(people.norte.patient)
    assert patient.get(f"{TEXTS}/{text['id']}").json()["body"] == MARKETING["body"]

    (seen,) = patient.get(URL, {"state": "in_force"}).json()["results"]
    withdrawn = patient.post(f"{URL}/{seen['id']}/withdraw")
    again = patient.post(f"{URL}/{seen['id']}/withdraw")

    assert withdrawn.json()["withdrawn_at"] is not None
    assert (again.status_code, again.json()["code"]) == (409, "consent_withdrawn")
    assert patient.get(URL, {"state": "in_force"}).json()["results"] == []
    assert len(patient.get(URL, {"state": "withdrawn"}).json()["results"]) == 1


def test_one_consent_to_a_purpose_is_in_force_at_a_time(
    api: Api, people: Everybody, on_paper: dict[str, Any]
) -> None:
    owner, reception = api(people.norte.owner), api(people.norte.receptionist)
    first = reception.post(URL, on_paper)
    newer = owner.post(TEXTS, MARKETING | {"version": "2026-2"}).json()["id"]
    refused = reception.post(URL, on_paper | {"text": newer})

    assert refused.status_code == 409
    assert errors_of(refused) == {"/text": "consent_open"}

    reception.post(f"{first['Location']}/withdraw")
    assert reception.post(URL, on_paper | {"text": newer}).status_code == 201


def test_only_the_patient_consents_in_the_app(
    api: Api, people: Everybody, on_paper: dict[str, Any]
) -> None:
    in_app = on_paper | {"channel": "app"}

    for person, body in (
        (people.norte.receptionist, in_app),
        (people.norte.patient, on_paper),
    ):
        refused = api(person).post(URL, body)
        assert (refused.status_code, errors_of(refused)) == (400, {"/channel": "not_permitted"})

    assert api(people.norte.patient).post(URL, in_app).status_code == 201


def test_a_patient_consents_only_for_themselves(
    api: Api,
    people: Everybody,
    on_paper: dict[str, Any],
    a_patient: Callable[..., Patient],
    norte: ClinicRoute,
) -> None:
    with clinic_scope(norte):
        other = a_patient()
        other.save()

    body = on_paper | {"patient": str(other.pk)}
    made = api(people.norte.owner).post(URL, body)
    patient, therapist = api(people.norte.patient), api(people.norte.therapist)
    refused = patient.post(URL, body | {"channel": "app"})

    assert errors_of(refused) == {"/patient": "does_not_exist"}
    for person in (patient, therapist):
        assert person.get(made["Location"]).status_code == 404
        assert person.post(f"{made['Location']}/withdraw").status_code == 404
        assert person.get(URL).json()["results"] == []


def test_only_the_owner_writes_a_text_and_only_once(
    api: Api, people: Everybody, text: dict[str, Any]
) -> None:
    owner = api(people.norte.owner)
    refused = owner.post(TEXTS, MARKETING)
    assert (refused.status_code, errors_of(refused)) == (409, {"/version": "unique"})
    assert owner.post(TEXTS, MARKETING | {"purpose": "research"}).status_code == 201
    assert api(people.norte.therapist).post(TEXTS, MARKETING).status_code == 403
    assert len(owner.get(TEXTS, {"purpose": "research"}).json()["results"]) == 1


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("purpose", "spam", "invalid_choice"),
        ("version", "v 1", "invalid"),
        ("version", "x" * 21, "max_length"),
        ("version", "", "blank"),
        ("body", "", "blank"),
        ("body", "x" * 20_001, "max_length"),
        ("body", "a\0", "null_characters_not_allowed"),
    ],
)
def test_a_wrong_text_is_refused_by_field_and_code(
    api: Api, people: Everybody, field: str, value: str, code: str
) -> None:
    refused = api(people.norte.owner).post(TEXTS, MARKETING | {field: value})
    assert refused.status_code == 400
    assert errors_of(refused)[f"/{field}"] == code


def test_a_consent_is_given_now_or_before(
    api: Api, people: Everybody, on_paper: dict[str, Any]
) -> None:
    reception = api(people.norte.receptionist)
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()

    refused = reception.post(URL, on_paper | {"given_at": tomorrow})
    long_ago = reception.post(URL, on_paper | {"given_at": "2020-02-29T10:00:00-03:00"})

    assert errors_of(refused) == {"/given_at": "in_future"}
    assert long_ago.json()["given_at"] == "2020-02-29T10:00:00-03:00"


def test_a_consent_is_given_to_a_known_text_by_a_known_channel(
    api: Api, people: Everybody, on_paper: dict[str, Any]
) -> None:
    reception = api(people.norte.receptionist)

    for field, value, code in (
        ("channel", "pigeon", "invalid_choice"),
        ("purpose", "marketing", "read_only"),
        ("withdrawn_at", None, "read_only"),
        ("text", str(people.norte.record.pk), "does_not_exist"),
    ):
        refused = reception.post(URL, on_paper | {field: value})
        assert errors_of(refused) == {f"/{field}": code}


# --- What only the database makes sure of --------------------------------------------------------


@pytest.fixture
def consent(in_norte: ClinicRoute, people: Everybody) -> Consent:
    text = consent_text_create(acting_user=None, **MARKETING)
    return consent_give(
        acting_user=None, patient=people.norte.record, text=text, channel="in_person"
    )


@pytest.mark.parametrize(
    "change",
    [
        "channel = 'paper'",
        "given_at = given_at - interval '1 day'",
        "purpose = 'research'",
        "updated_at = now()",
        "withdrawn_at = now() + interval '1 day', channel = 'paper'",
    ],
)
def test_a_consent_is_withdrawn_and_never_otherwise_changed(
    consent: Consent, refused_by: Callable[..., str], change: str
) -> None:
    assert refused_by(f"UPDATE patients_consent SET {change}") == "patients_consent_unchanged"


def test_a_withdrawn_consent_does_not_come_back(
    consent: Consent, refused_by: Callable[..., str]
) -> None:
    stale = Consent.objects.get(pk=consent.pk)
    consent_withdraw(acting_user=None, consent=consent)

    for value in ("NULL", "now() + interval '1 day'"):
        sql = f"UPDATE patients_consent SET withdrawn_at = {value}"
        assert refused_by(sql) == "patients_consent_unchanged"

    with pytest.raises(ConsentWithdrawn):
        consent_withdraw(acting_user=None, consent=stale)


def test_consents_and_texts_are_kept(consent: Consent, refused_by: Callable[..., str]) -> None:
    for sql, constraint in {
        "DELETE FROM patients_consent": "patients_consent_kept",
        "DELETE FROM patients_consenttext": "patients_consenttext_kept",
        "UPDATE patients_consenttext SET body = 'x'": "patients_consenttext_unchanged",
        "UPDATE patients_consenttext SET version = '2'": "patients_consenttext_unchanged",
        "UPDATE patients_consent SET withdrawn_at = given_at - interval '1 s'": (
            "patients_consent_withdrawn_after_given"
        ),
    }.items():
        assert refused_by(sql) == constraint


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"purpose": "research"}, "purpose_of_text"),
        ({"channel": "pigeon"}, "channel_known"),
        ({"given_at": timedelta(days=1)}, "given_in_time"),
        ({}, "one_open"),
    ],
)
def test_the_database_refuses_what_no_serializer_saw(
    consent: Consent, refused_by: Callable[..., str], fields: dict[str, Any], constraint: str
) -> None:
    now = timezone.now()
    purpose = fields.get("purpose", "marketing")
    row = {
        "id": ConsentText().pk,
        "created_at": now,
        "updated_at": now,
        "patient_id": consent.patient_id,
        "text_id": consent.text_id,
        "purpose": purpose,
        "channel": fields.get("channel", "paper"),
        "given_at": now + fields.get("given_at", timedelta(0)),
    }
    names, places = ", ".join(row), ", ".join(["%s"] * len(row))
    sql = f"INSERT INTO patients_consent ({names}) VALUES ({places})"

    assert refused_by(sql, list(row.values())) == f"patients_consent_{constraint}"


def test_a_text_is_checked_by_the_database_too(
    in_norte: ClinicRoute, refused_by: Callable[..., str]
) -> None:
    sql = (
        "INSERT INTO patients_consenttext (id, created_at, updated_at, purpose, version, body)"
        " VALUES (%s, %s, %s, %s, %s, %s)"
    )

    for field, value, constraint in (
        ("purpose", "spam", "purpose_known"),
        ("version", "v 1", "version_form"),
        ("body", "", "body_length"),
    ):
        text = ConsentText(**MARKETING | {field: value})
        row = [text.pk, timezone.now(), timezone.now(), text.purpose, text.version, text.body]

        assert refused_by(sql, row) == f"patients_consenttext_{constraint}"


def test_of_many_who_record_a_consent_at_once_one_does(
    fresh_clinic: FreshClinic, in_threads: InThreads
) -> None:
    with clinic_scope(fresh_clinic.route):
        text = consent_text_create(acting_user=None, **MARKETING)

    def give() -> str:
        with clinic_scope(fresh_clinic.route):
            try:
                consent_give(
                    acting_user=None,
                    patient=fresh_clinic.people.record,
                    text=ConsentText.objects.get(pk=text.pk),
                    channel="paper",
                )
            except (FieldConflict, FieldError) as refused:
                return refused.field_code

        return "given"

    assert sorted(in_threads(6, give)) == ["consent_open"] * 5 + ["given"]
