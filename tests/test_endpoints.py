"""Runs the endpoint table (`tests/endpoints.py`)."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from _pytest.mark import ParameterSet
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from accounts.sessions import token_issue
from audit.trail.feed import Trail
from exercises.models import ExerciseLog, PrescriptionItem
from exercises.services import exercise_create, prescription_create
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
from tests.bodies import BODIES as OTHER_BODIES
from tests.bodies import DONE, Place, nothing
from tests.endpoints import Row, rows
from tests.people import Api, Everybody, People
from tests.records import NORTES_SECRET, RECORD_BODIES, records

BODIES = OTHER_BODIES | RECORD_BODIES
API = rows(endpoints.API)
CLINIC_ADMIN = [
    *rows(endpoints.CLINIC_ADMIN, endpoints.CLINIC_MODELS),
    *rows(endpoints.KEPT_ADMIN, endpoints.KEPT_MODELS),
]
PLATFORM_ADMIN = rows(endpoints.PLATFORM_ADMIN, endpoints.PLATFORM_MODELS)
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
STRANGERS = ["therapist", "reception", "patient", "nobody", "outsider"]


@pytest.fixture
def place(people: Everybody, norte: ClinicRoute, sul: ClinicRoute) -> Place:
    with clinic_scope(norte):
        patient = people.norte.record
        Patient.objects.filter(pk=patient.pk).update(name=NORTES_SECRET)

        appointment = Appointment.objects.create(
            patient_id=patient.pk,
            therapist=people.norte.therapist,
            start_time=datetime(2026, 3, 2, 12, tzinfo=UTC),
            end_time=datetime(2026, 3, 2, 13, tzinfo=UTC),
        )

        exercise = exercise_create(
            acting_user=None,
            name=f"Ponte {NORTES_SECRET}",
            body_region="hip",
            goal="strength",
            instructions=NORTES_SECRET,
        )
        prescription = prescription_create(
            acting_user=people.norte.therapist,
            patient=patient,
            start_date=date(2026, 3, 2),
            items=[{"exercise": exercise}],
        )
        item = PrescriptionItem.objects.select_related("prescription").get()
        log = ExerciseLog.objects.create(item=item, **DONE)

        ids = {
            "exercises": str(exercise.pk),
            "exercises/prescription": str(prescription.pk),
            "prescriptions": str(prescription.pk),
            "items": str(item.pk),
            "exercises/exerciselog": str(log.pk),
            "exercise-logs": str(log.pk),
            "patients": str(patient.pk),
            "scheduling": str(appointment.pk),
            "appointments": str(appointment.pk),
            **an_agenda(people.norte),
            "accounts": str(people.norte.manager.pk),
            "<content_type_id>": str(ContentType.objects.get_for_model(Patient).pk),
            "<place>": str(Trail(table="patients_patient").page(1)[0].place),
        } | records(people.norte)

    return Place(norte, sul, people, ids)


def an_agenda(norte: People) -> dict[str, str]:
    """One object for each of the agenda's other routes and admin pages."""
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


def cases(table: list[Row]) -> list[ParameterSet]:
    """A test for each row and asker; all `others` are asked in one test."""
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

    body = BODIES.get(f"{row.method} {row.route}", nothing)(place, asker, refresh)
    sent_as = {"format": "multipart"} if isinstance(body, dict) and "file" in body else {}
    answer = getattr(client, row.method.lower())(path_of(row, place), body, **sent_as)

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


def path_of(row: Row, place: Place) -> str:
    """The row's path with norte's id in it: the one for the method, or the collection's."""
    found = place.ids.get(
        f"{row.method} {row.route}", place.ids.get(row.route.split("/<id>")[0], "")
    )
    return "/api/v1/" + row.route.replace("<id>", found)


def filled(route: str, place: Place) -> str:
    """An admin's route with norte's ids in it."""
    app, model = [*route.split("/"), "", "", ""][2:4]
    own = place.ids.get(f"{app}/{model}", place.ids.get(app, place.ids["patients"]))

    version = place.ids["<place>"].partition(":")[2]
    if "<version_id>" in route:
        with clinic_scope(place.norte):
            known = apps.get_model(app, model).history.filter(id=own).first()
            version = str(known.history_id) if known else version

    for name, value in {
        "<content_type_id>": place.ids["<content_type_id>"],
        "<place>": place.ids["<place>"],
        "<version_id>": version,
        "<id>": own,
        "<app_label>": "patients",
        "<url>": "nowhere/",
    }.items():
        route = route.replace(name, value)

    return route


def check(answer: Any, expected: str, asker: str) -> None:
    """The status or the named redirect is as expected, and a stranger reads nothing of norte's."""
    where = answer.headers.get("Location", "")
    redirects = {"login": where.startswith("/admin/login/"), "index": where == "/admin/"}

    got = next((name for name, fits in redirects.items() if fits), str(answer.status_code))
    assert got == expected, f"{asker}: {answer.status_code} {where} {answer.content[:500]!r}"

    if asker in {"nobody", "outsider", "elsewhere"}:
        assert NORTES_SECRET not in answer.getvalue().decode()


@pytest.mark.parametrize("route", sorted({row.route for row in API}))
def test_a_method_without_a_row_is_not_allowed_for_anybody(
    route: str, place: Place, api: Api
) -> None:
    served = {row.method for row in API if row.route == route}
    path = path_of(Row("GET", route, {}), place)

    for method in METHODS - served:
        for asker in (None, place.people.norte.owner, place.people.norte.patient):
            answer = api(asker).generic(method, path)

            assert answer.status_code == 405, method
            assert answer["Content-Type"] == "application/problem+json"
            assert set(answer["Allow"].split(", ")) - {"HEAD"} == served


@pytest.mark.parametrize("row", [r for r in API if r.method == "GET"], ids=lambda row: row.route)
def test_head_gets_what_get_gets_without_the_body(row: Row, place: Place, api: Api) -> None:
    query = BODIES.get(f"GET {row.route}", nothing)(place, "owner", "")

    answer: Any = api(place.people.norte.owner).head(path_of(row, place), query)

    assert (str(answer.status_code), b"".join(answer)) == (row.expected["owner"], b"")
