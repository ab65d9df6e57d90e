"""The OpenAPI document is valid, and what the API does is what the document says."""

import json
import os
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from django.contrib.staticfiles.finders import find
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from rest_framework.test import APIClient
from schemathesis import Case, GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from accounts.sessions import token_issue
from patients.validators import cpf_check_digit
from scheduling.models import Appointment
from tenants.context import ClinicRoute, clinic_scope
from tests import endpoints
from tests.endpoints import rows

RUN = hypothesis_settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
NUMBERS = count(100_000)  # each body gets another time and another CPF
WHOEVER_ASKS = "Bearer whoever-asks"  # requests are made before anybody has a token

Request = Case[Any]
Clients = Callable[..., APIClient]

DOCUMENT: dict[str, Any] = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
]
CONFIG = SchemathesisConfig(seed=1)
CONFIG.projects.default.generation.with_security_parameters = False
SCHEMA = schemathesis.openapi.from_dict(deepcopy(DOCUMENT), config=CONFIG)  # it adds links


class Norte:
    """The WSGI application as norte's host serves it, to somebody with a token of norte."""

    def __init__(self) -> None:
        self.application = get_wsgi_application()
        self.token = ""
        self.ids: dict[str, str] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        environ["HTTP_HOST"] = "norte.localhost"
        if environ.get("HTTP_AUTHORIZATION") == WHOEVER_ASKS:
            environ["HTTP_AUTHORIZATION"] = self.token
        return self.application(environ, start_response)


NORTE = SCHEMA.app = Norte()


@SCHEMA.auth(refresh_interval=None)
class Token:
    """Schemathesis leaves it out, and spoils it, to see that it is asked for."""

    def get(self, case: Request, context: Any) -> str:
        return WHOEVER_ASKS

    def set(self, case: Request, data: str, context: Any) -> None:
        case.headers["Authorization"] = data


@pytest.fixture
def at_norte(people: SimpleNamespace, norte: ClinicRoute) -> Iterator[Norte]:
    """Norte with a patient and an appointment; the test's transaction outlives each request."""
    with clinic_scope(norte):
        appointment = Appointment.objects.create(
            patient=people.norte.record,
            therapist=people.norte.therapist,
            start_time=datetime(2026, 3, 2, 12, tzinfo=UTC),
            end_time=datetime(2026, 3, 2, 13, tzinfo=UTC),
        )
        NORTE.token = f"Bearer {token_issue(user=people.norte.owner).access}"
    NORTE.ids = {
        "patient": str(people.norte.record.pk),
        "appointment": str(appointment.pk),
        "therapist": str(people.norte.therapist.pk),
    }
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield NORTE
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_the_document_is_valid_openapi_3_1_without_a_warning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=os.devnull)
    assert DOCUMENT["openapi"].startswith("3.1.")


def test_the_document_is_served_as_it_is_made(api: Clients) -> None:
    for language in ("pt-br", "en", "de"):
        answer = api(None).get("/api/v1/schema", HTTP_ACCEPT_LANGUAGE=language)
        assert answer["Content-Type"] == "application/vnd.oai.openapi+json"
        assert answer.json() == json.loads(json.dumps(DOCUMENT)), language


def test_the_document_shows_every_endpoint_of_the_table_and_no_other() -> None:
    shown = {
        (method.upper(), path.removeprefix("/api/v1/").replace("{id}", "<id>"))
        for path, item in DOCUMENT["paths"].items()
        for method in item
    }
    written = {(row.method, row.route) for row in rows(endpoints.API)}
    assert shown == written - {("GET", "schema"), ("GET", "docs")}


@pytest.mark.parametrize(("label", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_every_operation_tells_how_it_refuses(label: str, operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    assert {"400", "401", "403", "404", "406", "429", "503"} <= answers.keys()
    if "requestBody" in operation:
        assert {"409", "413", "415"} <= answers.keys()
    for status, answer in answers.items():
        content = set(answer.get("content", ()))
        assert content <= {"application/json" if int(status) < 400 else "application/problem+json"}
    for status in ("429", "503"):
        assert "Retry-After" in answers[status]["headers"]
    asks_for_token = any(operation.get("security", []))
    assert asks_for_token == (label.split(" /api/v1/")[1] not in endpoints.OPEN)


def test_the_page_of_the_document_needs_nothing_from_other_hosts(api: Clients) -> None:
    page = api(None).get("/api/v1/docs")
    assert page.status_code == 200
    loaded = re.findall(r"""<(?:script|link|img)[^>]+(?:src|href)=["']([^"']+)""", page.text)
    assert len(loaded) >= 3
    for address in loaded:
        assert address.startswith("/static/"), address
        assert find(address.removeprefix("/static/")), f"{address} is in no app's static folder"
    assert not re.search(r"""["'(]https?://(?!www\.w3\.org)""", page.text)


@SCHEMA.parametrize()
@hypothesis_settings(RUN, max_examples=25)  # random requests, beside the systematic ones
def test_every_answer_is_as_the_document_says(case: Request, at_norte: Norte) -> None:
    steer(case, at_norte.ids)
    # `validate` says of each item whether it is valid: to a body of wrong items it answers 200.
    lenient: list[Any] = [negative_data_rejection] if case.path.endswith("/validate") else []
    case.call_and_validate(excluded_checks=lenient)


class Story(SCHEMA.as_state_machine()):  # type: ignore[misc]
    """What one request made, the next one reads, changes or deletes."""

    def before_call(self, case: Request) -> None:
        steer(case, {})

    def validate_response(self, response: Any, case: Request, **options: Any) -> None:
        # A right body may come late: its patient was deleted two steps ago.
        case.validate_response(
            response, excluded_checks=[positive_data_acceptance, negative_data_rejection]
        )


def test_stories_of_requests_hold_together(at_norte: Norte) -> None:
    Story.run(settings=hypothesis_settings(RUN, max_examples=15, stateful_step_count=8))


# --- What a schema can't say ------------------------------------------------------------------


def steer(case: Request, ids: dict[str, str]) -> None:
    """Point ids at these (most of them), and bring right bodies within the rules."""
    right = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    of_path = ids.get("appointment" if "/appointments" in case.path else "patient")
    point(case.path_parameters, {"id": of_path} if of_path else {}, always=False)
    point(case.query, ids, always=right and case.path.endswith("/slots"))
    if right:
        if case.path.endswith("/slots"):
            case.query["from"] = case.query["to"] = a_day()
        case.query.pop("cursor", None)  # is one of another answer
        for name in case.query.keys() & {"created_after", "created_before", "from", "to"}:
            case.query[name] = case.query[name].replace("0001-", "2001-")  # no zone reaches year 0
    for body in case.body if isinstance(case.body, list) else [case.body]:
        if isinstance(body, dict):
            point(body, ids, always=right)
            if right:
                within_rules(body)


def point(members: dict[str, Any], ids: dict[str, str], *, always: bool) -> None:
    """Replace the UUIDs of these members; four in five, unless `always`."""
    for name in members.keys() & ids.keys():
        try:
            number = UUID(members[name]).int
        except (ValueError, TypeError, AttributeError):
            continue
        if always or number % 5 != 3:
            members[name] = ids[name]


def within_rules(body: dict[str, Any]) -> None:
    """What joins several members, or counts, can't be told in a schema."""
    number = next(NUMBERS)
    if "start_time" in body or "end_time" in body:
        start = datetime(2026, 3, 3, tzinfo=UTC) + timedelta(hours=number % 10_000)
        body["start_time"] = start.isoformat()
        body["end_time"] = (start + timedelta(hours=1)).isoformat()
    if "cpf" in body:
        digits = [int(digit) for digit in f"{number:09d}"]
        for _ in range(2):
            digits.append(cpf_check_digit(digits))
        body["cpf"] = "".join(map(str, digits))
    if "birth_date" in body:
        body["birth_date"] = str(date(1900, 1, 1) + timedelta(days=number % 40_000))
    if "name" in body and len(body["name"].strip()) < 2:
        body["name"] = "Ana"
    body.pop("user", None)  # a patient's sign-in that no other patient has
    within_the_agendas_rules(body)


def within_the_agendas_rules(body: dict[str, Any]) -> None:
    """A room is one of the clinic's, a group has one; hours and days are in order."""
    body |= {name: value for name, value in {"room": None, "group": False}.items() if name in body}
    day = a_day()
    of_days = {"day", "first_day", "last_day", "valid_from", "valid_until"}
    body |= {name: day for name in of_days & body.keys() if body[name] is not None}
    if "weekdays" in body:
        body.pop("until", None)
        body["count"] = 3
    elif "start" in body or "end" in body:
        body |= {"start": "09:00", "end": "17:00"}


def a_day() -> str:
    """Each time another one, within the agenda's century."""
    return str(date(2001, 1, 1) + timedelta(days=next(NUMBERS) % 30_000))
