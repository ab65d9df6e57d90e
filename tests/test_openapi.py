"""The OpenAPI document is valid, and what the API does is what the document says."""

import json
import os
import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, date, datetime
from typing import Any

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
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from accounts.sessions import token_issue
from exercises.models import ExerciseLog, PrescriptionItem
from exercises.services import exercise_create, prescription_create
from scheduling.models import Appointment
from tenants.context import ClinicRoute, clinic_scope
from tests import endpoints
from tests.endpoints import rows
from tests.openapi_bodies import steer
from tests.people import Api, Everybody
from tests.records import records

RUN = hypothesis_settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
WHOEVER_ASKS = "Bearer whoever-asks"  # requests are made before anybody has a token

OTHER_CONTENT = {
    ("GET /api/v1/documents/{id}/content", "200"): {"application/octet-stream"},
    ("GET /api/v1/audit/export", "200"): {"text/csv", "application/jsonl"},
}

Request = Case[Any]

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
    """The WSGI application as norte's host serves it to somebody with one of norte's tokens."""

    def __init__(self) -> None:
        self.application = get_wsgi_application()
        self.tokens: dict[str, str] = {}
        self.ids: dict[str, str] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        environ["HTTP_HOST"] = "norte.localhost"
        if environ.get("HTTP_AUTHORIZATION") == WHOEVER_ASKS:
            environ["HTTP_AUTHORIZATION"] = self.tokens[asker_of(environ)]
        return self.application(environ, start_response)


def asker_of(environ: dict[str, Any]) -> str:
    """Who may do it: therapists prescribe, patients log, the owner does all the rest."""
    if environ["REQUEST_METHOD"] in {"POST", "PATCH"}:
        for prefix, asker in (("prescriptions", "therapist"), ("exercise-logs", "patient")):
            if environ["PATH_INFO"].startswith(f"/api/v1/{prefix}"):
                return asker
    return "owner"


NORTE = SCHEMA.app = Norte()


@SCHEMA.auth(refresh_interval=None)
class Token:
    """Schemathesis leaves it out or spoils it, to see that the API asks for it."""

    def get(self, case: Request, context: Any) -> str:
        return WHOEVER_ASKS

    def set(self, case: Request, data: str, context: Any) -> None:
        case.headers["Authorization"] = data


@pytest.fixture
def at_norte(people: Everybody, norte: ClinicRoute) -> Iterator[Norte]:
    """Norte with one record of each kind; the test's transaction outlives each request."""
    with clinic_scope(norte):
        appointment = Appointment.objects.create(
            patient=people.norte.record,
            therapist=people.norte.therapist,
            start_time=datetime(2026, 3, 2, 12, tzinfo=UTC),
            end_time=datetime(2026, 3, 2, 13, tzinfo=UTC),
        )

        exercises = [
            exercise_create(
                acting_user=None,
                name=name,
                body_region="hip",
                goal="strength",
                instructions="Suba.",
            )
            for name in ("Ponte", "Prancha")
        ]

        prescription, logged = (
            prescription_create(
                acting_user=people.norte.therapist,
                patient=people.norte.record,
                start_date=date(2020, 1, 1),
                items=[{"exercise": exercise}],
            )
            for exercise in exercises
        )

        item = PrescriptionItem.objects.get(prescription=logged)
        done_at = datetime(2026, 3, 2, tzinfo=UTC)
        done = {"sets": 1, "repetitions": 1, "pain": 0, "effort": 0, "done_at": done_at}
        log = ExerciseLog.objects.create(item=item, **done)

        for name in ("owner", "therapist", "patient"):
            token = token_issue(user=getattr(people.norte, name)).access
            NORTE.tokens[name] = f"Bearer {token}"

        found = records(people.norte)
        kinds = {"note": "notes", "consent": "consents", "document": "documents"}
        record = {one: found[many] for one, many in kinds.items()}
        record |= {"consent-text": found["consent-texts"], "text": found["research"]}

    NORTE.ids = {
        "exercise": str(exercises[0].pk),
        "progression": str(exercises[1].pk),
        "regression": str(exercises[1].pk),
        "prescription": str(prescription.pk),
        "item": str(item.pk),
        "exercise-log": str(log.pk),
        "patient": str(people.norte.record.pk),
        "appointment": str(appointment.pk),
        "therapist": str(people.norte.therapist.pk),
        **record,
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


def test_the_document_is_served_as_it_is_made(api: Api) -> None:
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
def test_every_operation_says_how_it_refuses(label: str, operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    assert {"400", "401", "403", "404", "406", "429", "503"} <= answers.keys()
    if "requestBody" in operation:
        assert {"409", "413", "415"} <= answers.keys()

    for status, answer in answers.items():
        content = set(answer.get("content", ()))
        expected = "application/json" if int(status) < 400 else "application/problem+json"
        assert content <= OTHER_CONTENT.get((label, status), {expected})

    for status in ("429", "503"):
        assert "Retry-After" in answers[status]["headers"]

    asks_for_token = any(operation.get("security", []))
    route = label.split(" /api/v1/")[1].replace("{id}", "<id>")
    assert asks_for_token == (route not in endpoints.OPEN)


def test_the_page_of_the_document_needs_nothing_from_other_hosts(api: Api) -> None:
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
    """Each request reads, changes or deletes what an earlier one made."""

    def before_call(self, case: Request) -> None:
        steer(case, {})

    def validate_response(self, response: Any, case: Request, **options: Any) -> None:
        # A valid body may come late: its patient was deleted two steps ago.
        case.validate_response(
            response, excluded_checks=[positive_data_acceptance, negative_data_rejection]
        )


def test_stories_of_requests_hold_together(at_norte: Norte) -> None:
    Story.run(settings=hypothesis_settings(RUN, max_examples=15, stateful_step_count=8))
