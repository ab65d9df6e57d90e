"""Every bad request is answered with a problem (RFC 9457), and writes nothing."""

import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.http import Http404
from django.test import RequestFactory
from pytest_django import Settings
from rest_framework import exceptions
from rest_framework.test import APIClient

from core.api import handlers
from core.api.errors import problem_of
from core.api.problems import TITLES, pointer_to
from core.errors import Conflict, FieldError, FisioFlowError
from patients.models import Patient
from tenants.context import ClinicRoute, clinic_scope
from tests.people import Api, Everybody

URL = "/api/v1/patients"
ANA = {
    "name": "Ana Lima",
    "phone": "5511988887777",
    "cpf": "11144477735",
    "birth_date": "1992-02-29",
}


@pytest.fixture
def manager(api: Api, people: Everybody) -> APIClient:
    return api(people.norte.manager)


def problem(answer: Any, status: int) -> dict[str, Any]:
    """The body of a problem, after a check of what every problem has."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(answer.content)
    assert body["status"] == status
    assert body["type"] == f"urn:fisioflow:error:{body['code']}"
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == answer["X-Request-ID"]

    return body


def send(client: APIClient, body: bytes, content_type: str = "application/json") -> Any:
    # Bytes are taken too, which the types don't know.
    return client.generic("POST", URL, body, content_type=content_type)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid"),
        (b"{", "parse_error"),
        (b"nonsense", "parse_error"),
        (b'{"name": NaN}', "parse_error"),
        (b'{"name": 1e', "parse_error"),
        (b"\xff\xfe{}", "parse_error"),
        (b'{"name": "\xe9"}', "parse_error"),
        (b'{"name": "\\ud800"}', "parse_error"),
        (b'{"\\udfff": "x"}', "parse_error"),
        (b'{"name": ' + b"9" * 5000 + b"}", "parse_error"),
        (b"[" * 100_000 + b"]" * 100_000, "too_deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "too_deep"),
        (b"[]", "invalid"),
        (b"null", "invalid"),
        (b'"name"', "invalid"),
        (b'{"name": {"first": ["Ana"]}}', "invalid"),
    ],
    ids=range(16),
)
def test_a_bad_body_is_refused(
    manager: APIClient, norte: ClinicRoute, body: bytes, code: str
) -> None:
    assert problem(send(manager, body), 400)["code"] == code
    with clinic_scope(norte):
        assert Patient.objects.count() == 1


def test_a_field_given_twice_is_refused(manager: APIClient) -> None:
    body = problem(send(manager, b'{"name": "Ana", "name": "Bia"}'), 400)
    assert [(e["pointer"], e["code"]) for e in body["errors"]] == [("/name", "duplicate_field")]


def test_a_pair_of_surrogates_is_text(manager: APIClient) -> None:
    name = json.dumps("Ana 😀").encode()
    body = json.dumps(ANA).encode().replace(b'"Ana Lima"', name)
    assert send(manager, body).json()["name"] == "Ana 😀"


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "rot13", "zip", "nonsense"])
def test_json_is_utf_8_whatever_the_charset_says(manager: APIClient, charset: str) -> None:
    answer = send(manager, json.dumps(ANA).encode(), f"application/json; charset={charset}")
    assert answer.status_code == 201


def test_a_body_that_is_too_large_is_refused(manager: APIClient, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 200
    assert send(manager, json.dumps(ANA).encode()).status_code == 201
    long = json.dumps(ANA | {"medical_history": "x" * 200}).encode()
    assert problem(send(manager, long), 413)["code"] == "payload_too_large"


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x", "x"])
def test_only_json_is_taken(manager: APIClient, content_type: str) -> None:
    assert problem(send(manager, b"{}", content_type), 415)["code"] == "unsupported_media_type"


def test_only_json_is_given(manager: APIClient) -> None:
    assert problem(manager.get(URL, HTTP_ACCEPT="text/html"), 406)["code"] == "not_acceptable"


@pytest.mark.parametrize("method", ["PUT", "TRACE", "OPTIONS", "NONSENSE"])
def test_a_method_that_the_route_does_not_have_is_refused(
    api: Api, people: Everybody, norte: ClinicRoute, method: str
) -> None:
    for client in (api(people.norte.manager), api(people.norte.patient), api(None)):
        answer = client.generic(method, URL)
        assert problem(answer, 405)["code"] == "method_not_allowed"
        assert answer["Allow"] == "GET, POST, HEAD"


@pytest.mark.parametrize("path", ["nothing", "patients/", "patients/1", "patients/x%00", "auth"])
def test_a_path_without_a_route_is_not_found(manager: APIClient, path: str) -> None:
    assert problem(manager.get(f"/api/v1/{path}"), 404)["code"] == "not_found"


@pytest.mark.parametrize(
    ("query", "parameter", "code"),
    [
        ("limit=0", "limit", "out_of_range"),
        ("limit=201", "limit", "out_of_range"),
        ("limit=٣", "limit", "out_of_range"),
        ("limit=1e1", "limit", "out_of_range"),
        ("limit=", "limit", "blank"),
        ("ordering=cpf", "ordering", "invalid_choice"),
        ("ordering=--name", "ordering", "invalid_choice"),
        ("cursor=nonsense", "cursor", "invalid_cursor"),
        ("cursor=WyJuYW1lIiwiMSJd:x", "cursor", "invalid_cursor"),
        ("cursor=%00", "cursor", "invalid_cursor"),
        ("terapist=1", "terapist", "unknown_parameter"),
        ("therapist=1", "therapist", "invalid"),
        ("therapist=", "therapist", "blank"),
        ("q=%00", "q", "null_characters_not_allowed"),
        ("created_after=2026-01-01", "created_after", "invalid"),
        ("created_after=2026-01-01T00:00:00", "created_after", "invalid"),
        ("created_after=0001-01-01T00:00:00%2B14:00", "created_after", "overflow"),
    ],
)
def test_a_bad_query_is_refused_by_parameter(
    manager: APIClient, query: str, parameter: str, code: str
) -> None:
    body = problem(manager.get(f"{URL}?{query}"), 400)
    assert [(e["parameter"], e["code"]) for e in body["errors"]] == [(parameter, code)]


def test_an_offset_that_postgresql_refuses_is_still_read(manager: APIClient) -> None:
    query = {"created_before": "2811-05-27T06:26:20-19:07"}
    assert len(manager.get(URL, query).json()["results"]) == 1


def test_a_cursor_works_only_with_its_own_ordering(manager: APIClient) -> None:
    manager.post(URL, ANA)
    cursor = manager.get(URL, {"limit": 1}).json()["next_cursor"]
    refused = manager.get(URL, {"cursor": cursor, "ordering": "-name"})
    assert problem(refused, 400)["errors"][0]["code"] == "invalid_cursor"


def test_a_cursor_of_another_clinic_leads_nowhere(
    api: Api, manager: APIClient, people: Everybody
) -> None:
    manager.post(URL, ANA)
    cursor = manager.get(URL, {"limit": 1}).json()["next_cursor"]
    refused = api(people.sul.owner).get(URL, {"cursor": cursor})
    assert problem(refused, 400)["errors"][0]["code"] == "invalid_cursor"


def test_a_missing_and_a_bad_token_are_refused(api: Api, norte: ClinicRoute) -> None:
    answer = api(None).get(URL)
    assert problem(answer, 401)["code"] == "not_authenticated"
    assert answer["WWW-Authenticate"]

    answer = api(None).get(URL, HTTP_AUTHORIZATION="Bearer nonsense")
    assert problem(answer, 401)["code"] == "token_invalid"
    assert answer["WWW-Authenticate"]


def test_a_defect_says_nothing_of_itself(
    api: Api, people: Everybody, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("CPF 52998224725")

    monkeypatch.setattr("patients.views.patients.patient_register", fail)
    client = api(people.norte.manager)
    client.raise_request_exception = False

    answer = client.post(URL, ANA)

    assert problem(answer, 500)["code"] == "internal_error"
    assert "52998224725" not in answer.content.decode()


class Teapot(FisioFlowError):
    """I am a teapot."""

    code = "teapot"
    status = 503
    retry_after = 7


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Teapot(), 503, "teapot"),
        (Conflict(), 409, "conflict"),
        (FieldError("phone", "odd", "It is odd."), 400, "invalid"),
        (Http404("Patient 52998224725"), 404, "not_found"),
        (PermissionDenied("no"), 403, "permission_denied"),
        (ValidationError({"phone": "odd"}), 400, "invalid"),
        (ValidationError("odd"), 400, "invalid"),
        (IntegrityError("Key (cpf)=(52998224725) already exists."), 409, "conflict"),
        (exceptions.Throttled(wait=2.5), 429, "throttled"),
        (exceptions.Throttled(), 429, "throttled"),
        (exceptions.NotAuthenticated(), 401, "not_authenticated"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_errors_become_problems(error: Exception, status: int, code: str) -> None:
    found = problem_of(error)
    assert found is not None
    assert (found.status, found.code) == (status, code)
    assert "52998224725" not in json.dumps(found.body())


@pytest.mark.parametrize(
    "error", [FisioFlowError(), RuntimeError(), exceptions.APIException(), KeyError("cpf")]
)
def test_a_bug_becomes_no_problem(error: Exception) -> None:
    assert problem_of(error) is None


def test_retry_after_is_a_header() -> None:
    for error, seconds in ((Teapot(), "7"), (exceptions.Throttled(wait=2.5), "3")):
        found = problem_of(error)
        assert found is not None
        assert found.headers["Retry-After"] == seconds


def test_nested_errors_have_pointers() -> None:
    detail: Any = {
        "items": [{}, {"dose": ["odd"]}],
        "non_field_errors": ["strange"],
        "a/b~c": ["x"],
    }
    found = problem_of(exceptions.ValidationError(detail))

    assert found is not None
    assert [error["pointer"] for error in found.errors] == ["/items/1/dose", "", "/a~1b~0c"]
    assert pointer_to(()) == ""


@pytest.mark.parametrize(
    ("handler", "status"), [("bad_request", 400), ("permission_denied", 403), ("not_found", 404)]
)
def test_djangos_error_pages_are_problems_only_under_api(handler: str, status: int) -> None:
    answer = getattr(handlers, handler)(RequestFactory().get("/api/v1/x"), Exception())
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")

    page = getattr(handlers, handler)(RequestFactory().get("/x"), Exception())
    assert (page.status_code, page["Content-Type"][:9]) == (status, "text/html")


def test_djangos_page_for_a_bug_is_a_problem_under_api_too() -> None:
    answer = handlers.server_error(RequestFactory().get("/api/v1/x"))
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert handlers.server_error(RequestFactory().get("/x"))["Content-Type"][:9] == "text/html"


def test_every_status_that_we_answer_has_a_title() -> None:
    assert set(TITLES) == {400, 401, 403, 404, 405, 406, 409, 413, 415, 429, 500, 503}
