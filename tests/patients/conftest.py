"""Patients, notes and documents for the tests of this folder."""

from collections.abc import Callable, Sequence
from datetime import date
from itertools import count
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connections, transaction
from django.test import Client

from accounts.models import Role, User
from accounts.services import user_create, user_update
from core.constraints import constraint_of, rule_of
from patients.models import Document, Patient
from patients.services import document_scan, document_upload
from patients.validators import cpf_check_digit
from tenants.context import ClinicRoute, clinic_scope
from tests.people import Api, Everybody

_numbers = count(100_000_000)


def _cpf() -> str:
    digits = [int(digit) for digit in str(next(_numbers))]
    for _ in range(2):
        digits.append(cpf_check_digit(digits))
    return "".join(map(str, digits))


def errors_of(answer: Any) -> dict[str, str]:
    """Pointer (or parameter) to code, of a problem."""
    assert answer["Content-Type"] == "application/problem+json"
    return {e.get("pointer", e.get("parameter")): e["code"] for e in answer.json()["errors"]}


@pytest.fixture
def a_patient() -> Callable[..., Patient]:
    """Builds, without saving it, a patient who breaks no rule; each has another CPF."""

    def build(**fields: Any) -> Patient:
        right = {"name": "Bia Souza", "phone": "+5511900000000", "birth_date": date(1990, 1, 31)}
        return Patient(**right | {"cpf": _cpf()} | fields)

    return build


@pytest.fixture
def intern(people: Everybody, norte: ClinicRoute) -> User:
    """A therapist without a CREFITO number, supervised by norte's therapist."""
    with clinic_scope(norte):
        return user_create(
            acting_user=None,
            email="intern@norte.example",
            full_name="Iara Estagiária",
            role=Role.THERAPIST,
            supervisor=people.norte.therapist,
        )


def with_crefito(person: User) -> User:
    """The person, read again and with a CREFITO number: they may sign notes."""
    return user_update(acting_user=None, user=User.objects.get(pk=person.pk), crefito="3/777-F")


@pytest.fixture
def refused_by(in_norte: ClinicRoute) -> Callable[..., str]:
    """`refused_by(sql, [params])`: the constraint by which the database refuses the statement."""

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


DOCUMENTS = "/api/v1/documents"
PDF = b"%PDF-1.7\nlaudo"


@pytest.fixture
def upload(people: Everybody) -> Callable[..., Document]:
    """Stores a document in the clinic in scope, by norte's therapist unless told otherwise."""

    def keep(**fields: Any) -> Document:
        right: dict[str, Any] = {
            "acting_user": people.norte.therapist,
            "patient": people.norte.record,
            "kind": "exam",
            "file": ContentFile(PDF, name="laudo.pdf"),
        }
        return document_upload(**right | fields)

    return keep


@pytest.fixture
def send(api: Api, people: Everybody) -> Callable[..., Any]:
    """Uploads as norte's therapist, unless somebody else is given."""

    def post(
        content: bytes = PDF, name: str = "laudo.pdf", by: User | None = None, **fields: Any
    ) -> Any:
        file = SimpleUploadedFile(name, content, "application/octet-stream")
        form = {"patient": str(people.norte.record.pk), "kind": "exam", "file": file}

        return api(by or people.norte.therapist).post(DOCUMENTS, form | fields, format="multipart")

    return post


@pytest.fixture
def scanned(send: Callable[..., Any], norte: ClinicRoute) -> Callable[..., dict[str, Any]]:
    """An uploaded document that the scanner called clean."""

    def upload(**fields: Any) -> dict[str, Any]:
        made: dict[str, Any] = send(**fields).json()
        with clinic_scope(norte):
            document_scan(acting_user=None, document=Document.objects.get(pk=made["id"]))
        return made

    return upload


@pytest.fixture
def evolution(people: Everybody) -> dict[str, Any]:
    """The body of a new note about norte's patient."""
    return {
        "patient": str(people.norte.record.pk),
        "kind": "evolution",
        "subjective": "Dor EVA 6 para 4.",
        "plan": "Manter.",
    }


@pytest.fixture
def manager(people: Everybody, norte: ClinicRoute) -> Client:
    """The manager's browser, signed in to norte's admin."""
    client = Client(SERVER_NAME="norte.localhost")
    with clinic_scope(norte):
        client.force_login(people.norte.manager)
    return client


@pytest.fixture
def browser() -> Client:
    return Client(SERVER_NAME="norte.localhost")


@pytest.fixture
def follow(browser: Client) -> Callable[[str], Any]:
    """What a link gives to a browser that has no token."""
    return lambda link: browser.get(link.removeprefix("http://norte.localhost"))
