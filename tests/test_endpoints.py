"""Runs the endpoint table (`tests/endpoints.py`)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from accounts.sessions import token_issue
from patients.models import Patient
from scheduling.models import Appointment
from tenants.context import ClinicRoute, clinic_scope, platform_scope
from tests import endpoints
from tests.conftest import PASSWORD
from tests.endpoints import Row, rows

NORTES_SECRET = "Somente Do Norte"
NAMES = {"reception": "receptionist", "outsider": "owner", "elsewhere": "owner"}
API = rows(endpoints.API)
CLINIC_ADMIN = rows(endpoints.CLINIC_ADMIN, endpoints.CLINIC_MODELS)
PLATFORM_ADMIN = rows(endpoints.PLATFORM_ADMIN, endpoints.PLATFORM_MODELS)
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
STRANGERS = ["therapist", "reception", "patient", "nobody", "outsider"]


@dataclass
class Place:
    """Both clinics with their people, and what of norte's is asked for."""

    norte: ClinicRoute
    sul: ClinicRoute
    people: SimpleNamespace
    ids: dict[str, str]

    def person(self, asker: str) -> User | None:
        """The user of a clinic behind an asker's name."""
        if asker in {"nobody", "staff"}:
            return None
        clinic = self.people.sul if asker in {"outsider", "elsewhere"} else self.people.norte
        user: User = getattr(clinic, NAMES.get(asker, asker))
        return user

    def clinic_of(self, asker: str) -> ClinicRoute:
        """Where the asker has an account."""
        return self.sul if asker in {"outsider", "elsewhere"} else self.norte

    def host_of(self, asker: str) -> str:
        """Where the asker asks."""
        return "sul.localhost" if asker == "elsewhere" else "norte.localhost"


@pytest.fixture
def place(people: SimpleNamespace, norte: ClinicRoute, sul: ClinicRoute) -> Place:
    with clinic_scope(norte):
        patient = people.norte.record
        Patient.objects.filter(pk=patient.pk).update(name=NORTES_SECRET)
        appointment = Appointment.objects.create(
            patient_id=patient.pk,
            therapist=people.norte.therapist,
            start_time=datetime(2026, 3, 2, 12, tzinfo=UTC),
            end_time=datetime(2026, 3, 2, 13, tzinfo=UTC),
        )
        ids = {
            "patients": str(patient.pk),
            "scheduling": str(appointment.pk),
            "appointments": str(appointment.pk),
            "accounts": str(people.norte.manager.pk),
            "<content_type_id>": str(ContentType.objects.get_for_model(Patient).pk),
        }
    return Place(norte, sul, people, ids)


def cases(table: list[Row]) -> list[Any]:
    """A test for each row and asker; `others` are asked in one test."""
    return [
        pytest.param(row, asker, expected, id=f"{row.method} {row.route} by {asker}")
        for row in table
        for asker, expected in row.expected.items()
    ]


@pytest.mark.parametrize("host", ["own", "shared"])
@pytest.mark.parametrize(("row", "asker", "expected"), cases(API))
def test_the_api_answers_as_the_table_says(
    row: Row, asker: str, expected: str, host: str, place: Place
) -> None:
    client = APIClient(SERVER_NAME=place.host_of(asker))
    if host == "shared":
        asked = place.sul if asker == "elsewhere" else place.norte
        client = APIClient(SERVER_NAME="api.localhost", HTTP_X_TENANT_ID=str(asked.clinic_id))
    user, refresh = place.person(asker), "a-refresh-token-of-nobody"
    if user is not None:
        with clinic_scope(place.clinic_of(asker)):
            pair = token_issue(user=user)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {pair.access}")
        refresh = pair.refresh
    if asker == "elsewhere":
        with clinic_scope(place.norte):
            refresh = token_issue(user=place.people.norte.owner).refresh
    body = BODIES.get(f"{row.method} {row.route}", _nothing)(place, asker, refresh)
    path = row.route.replace("<id>", place.ids.get(row.route.split("/")[0], ""))
    answer = getattr(client, row.method.lower())(f"/api/v1/{path}", body)
    check(answer, expected, asker)


@pytest.mark.parametrize(("row", "asker", "expected"), cases(CLINIC_ADMIN))
def test_the_clinics_admin_answers_as_the_table_says(
    row: Row, asker: str, expected: str, place: Place
) -> None:
    for name in STRANGERS if asker == "others" else [asker]:
        client = Client(SERVER_NAME=place.host_of(name))
        user = place.person(name)
        if user is not None:
            with clinic_scope(place.clinic_of(name)):
                client.force_login(user)
        check(client.generic(row.method, filled(row.route, place)), expected, name)


@pytest.mark.parametrize(("row", "asker", "expected"), cases(PLATFORM_ADMIN))
def test_the_platforms_admin_answers_as_the_table_says(
    row: Row, asker: str, expected: str, place: Place
) -> None:
    for name in ["nobody", "owner", "outsider"] if asker == "others" else [asker]:
        client = Client(SERVER_NAME="localhost")
        user = place.person(name)
        if name == "staff":
            with platform_scope():
                client.force_login(User.objects.create_superuser("r@f.example", full_name="Root"))
        elif user is not None:
            with clinic_scope(place.clinic_of(name)):
                client.force_login(user)
        check(client.generic(row.method, filled(row.route, place)), expected, name)


def filled(route: str, place: Place) -> str:
    """The route of an admin with norte's ids in it."""
    app = route.split("/")[2] if route.count("/") > 2 else ""
    for name, value in {
        "<content_type_id>": place.ids["<content_type_id>"],
        "<id>": place.ids.get(app, place.ids["patients"]),
        "<app_label>": "patients",
        "<url>": "nowhere/",
    }.items():
        route = route.replace(name, value)
    return route


def check(answer: Any, expected: str, asker: str) -> None:
    """The status, or the redirect by its name; and a stranger reads nothing of norte's."""
    where = answer.headers.get("Location", "")
    redirects = {"login": where.startswith("/admin/login/"), "index": where == "/admin/"}
    got = next((name for name, fits in redirects.items() if fits), str(answer.status_code))
    assert got == expected, f"{asker}: {answer.status_code} {where} {answer.content[:500]!r}"
    if asker in {"nobody", "outsider", "elsewhere"}:
        assert NORTES_SECRET not in answer.content.decode()


def _nothing(place: Place, asker: str, refresh: str) -> None:
    return None


def _sign_in(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    user = place.people.norte.owner if asker == "elsewhere" else place.person(asker)
    return {"email": user.email if user else "nobody@norte.example", "password": PASSWORD}


def _refresh(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"refresh": refresh}


def _patient(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {
        "name": "Ana Conceição",
        "phone": "+5511988887777",
        "cpf": "11144477735",
        "birth_date": "1992-02-29",
        "therapist": str(place.people.norte.therapist.pk),
    }


def _patient_change(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"medical_history": "Melhor."} if asker == "therapist" else {"phone": "+5511900000000"}


def _appointment(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {
        "patient": place.ids["patients"],
        "therapist": str(place.people.norte.therapist.pk),
        "start_time": "2026-03-03T09:00:00-03:00",
        "end_time": "2026-03-03T10:00:00-03:00",
    }


def _appointment_change(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"status": "cancelled"}


# A body that is right for whoever may send it; what the others get is not because of the body.
BODIES: dict[str, Callable[[Place, str, str], Any]] = {
    "POST auth/token": _sign_in,
    "POST auth/refresh": _refresh,
    "POST auth/revoke": _refresh,
    "POST patients": _patient,
    "PATCH patients/<id>": _patient_change,
    "POST patients/validate": lambda *asked: [_patient(*asked)],
    "POST patients/batch": lambda *asked: [_patient(*asked)],
    "POST appointments/validate": lambda *asked: [_appointment(*asked)],
    "POST appointments": _appointment,
    "PATCH appointments/<id>": _appointment_change,
}


@pytest.mark.parametrize("route", sorted({row.route for row in API}))
def test_a_method_without_a_row_is_not_allowed_for_anybody(
    route: str, place: Place, api: Callable[..., APIClient]
) -> None:
    served = {row.method for row in API if row.route == route}
    path = "/api/v1/" + route.replace("<id>", place.ids.get(route.split("/")[0], ""))
    for method in METHODS - served:
        for asker in (None, place.people.norte.owner, place.people.norte.patient):
            answer = api(asker).generic(method, path)
            assert answer.status_code == 405, method
            assert answer["Content-Type"] == "application/problem+json"
            assert set(answer["Allow"].split(", ")) - {"HEAD"} == served


@pytest.mark.parametrize("row", [r for r in API if r.method == "GET"], ids=lambda row: row.route)
def test_head_gets_what_get_gets_without_the_body(
    row: Row, place: Place, api: Callable[..., APIClient]
) -> None:
    path = "/api/v1/" + row.route.replace("<id>", place.ids.get(row.route.split("/")[0], ""))
    answer = api(place.people.norte.owner).head(path)
    assert (str(answer.status_code), answer.content) == (row.expected["owner"], b"")
