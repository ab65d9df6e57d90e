"""Logs name the request and the clinic, in one line of JSON, and say nothing about a person."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from django.apps import apps
from django.db import IntegrityError, models, transaction

from accounts.models import User
from core.logs import HARMLESS, logging_config
from patients.models import Patient
from tenants.context import ClinicRoute
from tenants.router import is_clinical
from tests.conftest import CPF_OF_PATIENT
from tests.people import Api, Everybody

Formatters = Callable[..., logging.Formatter]


@pytest.fixture
def formatter() -> Iterator[Formatters]:
    """`formatter(as_json=True)`: as configured for a service. Restores the run's own logging."""
    root, configured = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level

    def make(*, as_json: bool) -> logging.Formatter:
        made = dict(logging_config(level="info", as_json=as_json)["formatters"]["structured"])
        return structlog.stdlib.ProcessorFormatter(
            processors=made["processors"], foreign_pre_chain=made["foreign_pre_chain"]
        )

    yield make
    structlog.configure(**configured)
    root.handlers[:], root.level = handlers, level


def clinical_fields() -> list[str]:
    """The fields of a clinic's models, by name: all but random keys, row numbers and the like."""
    keys = (models.UUIDField, models.AutoField)

    return sorted(
        {
            field.name
            for model in apps.get_models()
            if is_clinical(model._meta.app_label)
            for field in model._meta.fields
            if not isinstance(field, keys)
        }
    )


def record(message: str = "something", **fields: Any) -> logging.LogRecord:
    made = logging.LogRecord("fisioflow.tests", logging.ERROR, "", 0, message, (), None)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


@pytest.mark.without_database
def test_a_line_is_one_json_object_with_time_level_and_logger(formatter: Formatters) -> None:
    line = formatter(as_json=True).format(record("two\nlines"))
    assert "\n" not in line
    event = json.loads(line)
    assert event["event"] == "two\nlines"
    assert (event["level"], event["logger"]) == ("error", "fisioflow.tests")
    assert event["timestamp"].endswith("Z")


@pytest.mark.without_database
def test_a_line_names_the_request_and_the_clinic(formatter: Formatters) -> None:
    made = formatter(as_json=True)
    with structlog.contextvars.bound_contextvars(request_id="r-1", clinic="norte"):
        event = json.loads(made.format(record()))
    assert (event["request_id"], event["clinic"]) == ("r-1", "norte")


@pytest.mark.without_database
@pytest.mark.parametrize("field", clinical_fields())
def test_what_a_clinic_keeps_of_people_never_reaches_a_log(
    field: str, formatter: Formatters
) -> None:
    if field in HARMLESS:
        return

    made = formatter(as_json=True)
    with structlog.contextvars.bound_contextvars(**{field: "Ana Conceição"}):
        line = made.format(record())

    assert json.loads(line)[field] == "[removed]", f"{field}: core.logs must drop it"
    assert "Concei" not in line


@pytest.mark.without_database
@pytest.mark.parametrize(
    "name", ["password", "owner_password", "token", "access_token", "refresh", "Authorization"]
)
def test_a_credential_is_removed_whatever_stands_beside_the_word(
    name: str, formatter: Formatters
) -> None:
    made = formatter(as_json=True)
    with structlog.contextvars.bound_contextvars(**{name: "open sesame"}):
        line = made.format(record())

    assert json.loads(line)[name] == "[removed]"


@pytest.mark.without_database
def test_what_the_logs_need_gets_through(formatter: Formatters) -> None:
    needed = {"method": "GET", "route": "api/v1/patients", "milliseconds": 1.5, "status": 200}
    known = needed | dict.fromkeys(HARMLESS.keys() - {"event"}, "x") | needed
    made = formatter(as_json=True)
    with structlog.contextvars.bound_contextvars(**known):
        event = json.loads(made.format(record()))

    assert known.items() <= event.items()


@pytest.mark.without_database
def test_the_harmless_names_are_fields_and_have_reasons() -> None:
    fields = {f.name for model in apps.get_models() for f in model._meta.fields}

    assert HARMLESS.keys() <= fields, "No model has such a field: take it out of core.logs.HARMLESS"
    assert all(HARMLESS.values())


@pytest.mark.parametrize("as_json", [True, False])
def test_a_traceback_shows_the_constraint_and_not_the_row(
    as_json: bool, formatter: Formatters, people: Everybody, in_norte: ClinicRoute
) -> None:
    try:
        with transaction.atomic(using=in_norte.shard):
            Patient.objects.create(
                name="Ana Conceição", phone="+551199", cpf=CPF_OF_PATIENT, birth_date="1990-01-01"
            )
    except IntegrityError:
        line = formatter(as_json=as_json).format(record(exc_info=sys.exc_info()))

    assert "patients_patient_cpf_unique" in line
    assert "Traceback" in line
    assert CPF_OF_PATIENT not in line
    assert "Concei" not in line


@pytest.mark.without_database
def test_what_follows_the_row_in_a_traceback_is_kept(formatter: Formatters) -> None:
    detail = "Failing row contains (1, Ana,\nLombalgia)."
    try:
        try:
            raise ValueError(f"refused\nDETAIL:  {detail}\nCONTEXT:  SQL function x")
        except ValueError as first:
            raise RuntimeError(f"again\nDETAIL:  {detail}\n") from first
    except RuntimeError:
        line = formatter(as_json=True).format(record(exc_info=sys.exc_info()))

    text = json.loads(line)["exception"]
    assert "Ana" not in text
    assert "Lombalgia" not in text
    assert "CONTEXT:  SQL function x" in text
    assert "RuntimeError: again" in text


def test_a_request_is_logged_by_its_route_without_its_content(
    api: Api,
    people: Everybody,
    caplog: pytest.LogCaptureFixture,
) -> None:
    owner: User = people.norte.owner
    record_id = people.norte.record.pk

    with caplog.at_level(logging.INFO):
        api(owner).get(f"/api/v1/patients/{record_id}")
        api(owner).get("/api/v1/patients", {"q": "Paciente Modelo"})
        api(owner).post("/api/v1/patients", {"name": "Ana Conceição"})

    lines: list[Any] = [r.msg for r in caplog.records if r.name == "core.requests"]
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        ("GET", "api/v1/patients/<uuid:pk>", 200),
        ("GET", "api/v1/patients", 200),
        ("POST", "api/v1/patients", 400),
    ]
    assert all(line["request_id"] and line["milliseconds"] >= 0 for line in lines)
    for secret in ("Modelo", "Concei", "owner@", CPF_OF_PATIENT):
        assert secret not in caplog.text
