"""Runs the endpoint table (`tests/endpoints.py`)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from accounts.sessions import token_issue
from patients.models import Patient
from scheduling.models import (
    Appointment,
    Closure,
    HoursException,
    Room,
    Series,
    WorkingHours,
)
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
        """The user behind an asker's name."""
        if asker == "nobody":
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
            **an_agenda(people.norte),
            "accounts": str(people.norte.manager.pk),
            "<content_type_id>": str(ContentType.objects.get_for_model(Patient).pk),
        }
    return Place(norte, sul, people, ids)


def an_agenda(norte: Any) -> dict[str, str]:
    """Something of each of the agenda's other routes and admin pages."""
    day, nine, ten = date(2026, 3, 4), time(9), time(10)
    hours = {"therapist": norte.therapist, "start": nine, "end": ten}
    series = Series.objects.create(
        patient_id=norte.record.pk,
        therapist=norte.therapist,
        first_day=day,
        weekdays=[2],
        start=nine,
        length=60,
        count=1,
    )
    soon = timezone.now() + timedelta(days=7)
    Appointment.objects.create(
        patient_id=norte.record.pk,
        therapist=norte.therapist,
        start_time=soon,
        end_time=soon + timedelta(hours=1),
        series=series,
        position=1,
    )
    made = {
        "rooms": Room.objects.create(name=NORTES_SECRET),
        "working-hours": WorkingHours.objects.create(weekday=0, **hours),
        "working-hours/exceptions": HoursException.objects.create(day=day, **hours),
        "closures": Closure.objects.create(first_day=day, last_day=day, reason=NORTES_SECRET),
        "series": series,
    }
    of_admin = {f"scheduling/{row._meta.model_name}": row for row in made.values()}
    return {name: str(row.pk) for name, row in (made | of_admin).items()}


def cases(table: list[Row], others: list[str]) -> list[Any]:
    """A test for each row and asker."""
    found = []
    for row in table:
        for asker, expected in row.expected.items():
            for name in others if asker == "others" else [asker]:
                title = f"{row.method} {row.route} by {name}"
                found.append(pytest.param(row, name, expected, id=title))
    return found


@pytest.mark.parametrize("host", ["own", "shared"])
@pytest.mark.parametrize(("row", "asker", "expected"), cases(API, []))
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
    path = row.route.replace("<id>", id_for(row.route, place))
    answer = getattr(client, row.method.lower())(f"/api/v1/{path}", body)
    check(answer, expected, asker)


@pytest.mark.parametrize(("row", "asker", "expected"), cases(CLINIC_ADMIN, STRANGERS))
def test_the_clinics_admin_answers_as_the_table_says(
    row: Row, asker: str, expected: str, place: Place
) -> None:
    client = Client(SERVER_NAME=place.host_of(asker))
    user = place.person(asker)
    if user is not None:
        with clinic_scope(place.clinic_of(asker)):
            client.force_login(user)
    check(client.generic(row.method, filled(row.route, place)), expected, asker)


@pytest.mark.parametrize(
    ("row", "asker", "expected"), cases(PLATFORM_ADMIN, ["nobody", "owner", "outsider"])
)
def test_the_platforms_admin_answers_as_the_table_says(
    row: Row, asker: str, expected: str, place: Place
) -> None:
    client = Client(SERVER_NAME="localhost")
    if asker == "staff":
        with platform_scope():
            client.force_login(User.objects.create_superuser("r@f.example", full_name="Root"))
    elif asker != "nobody":
        person = place.person(asker)
        assert person is not None
        with clinic_scope(place.clinic_of(asker)):
            client.force_login(person)
    check(client.generic(row.method, filled(row.route, place)), expected, asker)


def id_for(route: str, place: Place) -> str:
    """The id of norte's that a route of the API is asked for."""
    return place.ids.get(route.split("/<id>")[0], "")


def filled(route: str, place: Place) -> str:
    """The route of an admin with norte's ids in it."""
    app, model = [*route.split("/"), "", "", ""][2:4]
    own = place.ids.get(f"{app}/{model}", place.ids.get(app, place.ids["patients"]))
    for name, value in {
        "<content_type_id>": place.ids["<content_type_id>"],
        "<id>": own,
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
    assert got == expected, f"{answer.status_code} {where} {answer.content[:500]!r}"
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


def _room(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"name": "Pilates", "capacity": 4}


def _hours(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    therapist = str(place.people.norte.therapist.pk)
    return {"therapist": therapist, "weekday": 4, "start": "08:00", "end": "12:00"}


def _exception(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"therapist": str(place.people.norte.therapist.pk), "day": "2026-05-08"}


def _until_noon(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"end": "12:00"}


def _closure(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"first_day": "2026-12-24", "last_day": "2026-12-31", "reason": "Recesso"}


def _closure_change(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"reason": "Reforma"}


def _slots(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    therapist = str(place.people.norte.therapist.pk)
    return {"therapist": therapist, "from": "2026-03-02", "to": "2026-03-08", "length": 60}


def _series(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {
        "patient": place.ids["patients"],
        "therapist": str(place.people.norte.therapist.pk),
        "first_day": "2026-03-03",
        "weekdays": [1, 3],
        "start": "15:00",
        "length": 50,
        "count": 4,
    }


def _series_change(place: Place, asker: str, refresh: str) -> dict[str, Any]:
    return {"scope": "all", "cancel": True}


# Right for whoever may send it (GET: as the query); what the others get is not because of it.
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
    "POST rooms": _room,
    "PATCH rooms/<id>": _room,
    "POST working-hours": _hours,
    "PATCH working-hours/<id>": _until_noon,
    "POST working-hours/exceptions": _exception,
    "PATCH working-hours/exceptions/<id>": _until_noon,
    "POST closures": _closure,
    "PATCH closures/<id>": _closure_change,
    "GET slots": _slots,
    "POST series": _series,
    "POST series/preview": _series,
    "PATCH series/<id>": _series_change,
}


@pytest.mark.parametrize("route", sorted({row.route for row in API}))
def test_a_method_without_a_row_is_not_allowed_for_anybody(
    route: str, place: Place, api: Callable[..., APIClient]
) -> None:
    served = {row.method for row in API if row.route == route}
    path = "/api/v1/" + route.replace("<id>", id_for(route, place))
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
    path = "/api/v1/" + row.route.replace("<id>", id_for(row.route, place))
    query = BODIES.get(f"GET {row.route}", _nothing)(place, "owner", "")
    answer = api(place.people.norte.owner).head(path, query)
    assert (str(answer.status_code), answer.content) == (row.expected["owner"], b"")
