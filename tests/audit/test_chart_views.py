"""Everybody who is shown a chart is in its trail, whichever way they came."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.utils import timezone

from accounts.admin_sites import clinic_site
from accounts.models import User
from audit.capture.whose_chart import chart_path
from audit.events import middleware
from audit.models import Event, EventKind
from core.api.views import ResourceViewSet
from core.record_admin import RecordAdmin
from patients.models import Patient
from scheduling.models import Appointment
from tenants.context import ClinicRoute, clinic_scope
from tenants.errors import ShardUnavailable
from tests import endpoints
from tests.bodies import Place, nothing
from tests.endpoints import Row, rows
from tests.people import Api, Everybody
from tests.records import NORTES_SECRET
from tests.test_endpoints import BODIES, filled, path_of
from tests.test_endpoints import place as place  # a fixture, for the tests of this file

OF_ONE = [row for row in rows(endpoints.API) if row.method == "GET" or "<id>" in row.route]
# Answers that show something of the chart, but none of its ids.
WITHOUT_IDS = {"patients/<id>/adherence", "documents/<id>/content"}
# Views that aren't a ResourceViewSet note for themselves what they open, or open nothing.
PLAIN_VIEWS = {
    "AccessLogView": "says who looked, but shows nothing of the chart",
    "AdherenceView": "opens the patient's chart by itself",
    "MeView": "the reader's own account",
    "RefreshView": "a way in",
    "RevokeView": "a way out",
    "SlotView": "free times only",
    "SpectacularJSONAPIView": "the document",
    "SpectacularSwaggerView": "shows the document",
    "TokenView": "a way in",
    "TrailViewSet": "opens by itself the charts of what its entries changed",
}
CHART_ADMINS = ["exercises/exerciselog", "exercises/prescription", "patients/clinicalnote"]
CHART_ADMINS += ["patients/consent", "patients/document", "patients/patient"]
CHART_ADMINS += ["scheduling/appointment"]


def seen(by: User, *, at: ClinicRoute) -> list[tuple[str, str]]:
    """What the person has seen, and how."""
    with clinic_scope(at):
        found = Event.objects.filter(user_id=by.pk).exclude(kind=EventKind.ACCESS_REFUSED)
        looks = found.filter(patient_id__isnull=False).order_by("id")
        return [(str(chart), kind) for chart, kind in looks.values_list("patient_id", "kind")]


def ids_of_chart(place: Place) -> set[str]:
    kinds = ("patients", "notes", "documents", "consents", "prescriptions", "items")
    return {place.ids[name] for name in (*kinds, "exercise-logs", "appointments", "series")}


@pytest.mark.parametrize("row", OF_ONE, ids=lambda row: f"{row.method} {row.route}")
@pytest.mark.parametrize("asker", ["owner", "therapist", "patient"])
def test_an_answer_that_shows_a_chart_leaves_a_trace_and_no_other_does(
    row: Row, asker: str, place: Place, api: Api
) -> None:
    person = place.person(asker)
    assert person is not None
    body = BODIES.get(f"{row.method} {row.route}", nothing)(place, asker, "")

    answer: Any = getattr(api(person), row.method.lower())(path_of(row, place), body)

    content = b"".join(answer).decode(errors="replace")
    shows = answer.status_code < 300 and bool(content)
    shows = shows and (
        row.route in WITHOUT_IDS or any(key in content for key in ids_of_chart(place))
    )
    expected = (
        [EventKind.DOWNLOADED] if row.route.endswith("/content") else [EventKind.CHART_VIEWED]
    )
    if row.route.endswith("/prints"):
        shows, expected = True, [EventKind.PRINTED]

    kinds = [kind for chart, kind in seen(person, at=place.norte)]
    assert kinds == (expected if shows else [])


@pytest.mark.parametrize("page", ["change/", "history/", ""])
@pytest.mark.parametrize("name", CHART_ADMINS)
def test_a_page_of_the_admin_that_shows_a_chart_leaves_a_trace(
    name: str, page: str, place: Place
) -> None:
    owner = place.people.norte.owner
    client = Client(SERVER_NAME="norte.localhost")
    with clinic_scope(place.norte):
        client.force_login(owner)

    route = f"/admin/{name}/<id>/{page}" if page else f"/admin/{name}/"
    assert client.get(filled(route, place)).status_code == 200
    assert seen(owner, at=place.norte) == [(place.ids["patients"], "chart_viewed")]


def test_the_agenda_on_the_admins_first_page_leaves_a_trace(place: Place) -> None:
    owner = place.people.norte.owner
    client = Client(SERVER_NAME="norte.localhost")
    with clinic_scope(place.norte):
        noon = timezone.localtime().replace(hour=12, minute=0)
        Appointment.objects.filter(pk=place.ids["appointments"]).update(
            start_time=noon, end_time=noon + timedelta(hours=1)
        )
        client.force_login(owner)

    assert NORTES_SECRET in client.get("/admin/").content.decode()
    assert seen(owner, at=place.norte) == [(place.ids["patients"], "chart_viewed")]


def test_names_that_a_forms_field_suggests_leave_a_trace(place: Place) -> None:
    owner = place.people.norte.owner
    client = Client(SERVER_NAME="norte.localhost")
    with clinic_scope(place.norte):
        client.force_login(owner)
    asked = {"app_label": "scheduling", "model_name": "appointment", "field_name": "patient"}
    found = client.get("/admin/autocomplete/", asked).json()["results"]

    assert place.ids["patients"] in {one["id"] for one in found}
    assert (place.ids["patients"], "chart_viewed") in seen(owner, at=place.norte)


def test_a_page_of_the_admin_that_shows_no_chart_leaves_no_trace(place: Place) -> None:
    owner = place.people.norte.owner
    client = Client(SERVER_NAME="norte.localhost")
    with clinic_scope(place.norte):
        client.force_login(owner)
    for page in ("accounts/user/", "scheduling/room/", "exercises/exercise/", "patients/"):
        assert client.get(f"/admin/{page}").status_code == 200
    assert seen(owner, at=place.norte) == []


def test_models_of_a_chart_are_shown_by_the_bases_that_note_it() -> None:
    for model, admin in clinic_site._registry.items():
        assert chart_path(model) is None or isinstance(admin, RecordAdmin), (
            f"{type(admin).__name__} shows charts: make it a RecordAdmin"
        )

    for view in views_of(get_resolver("fisioflow.urls_api").url_patterns):
        assert issubclass(view, ResourceViewSet) or view.__name__ in PLAIN_VIEWS, (
            f"{view.__name__}: make it a ResourceViewSet, or call `self.opens(patient)` in it and"
            " name it here; or say here why it opens no chart"
        )


def views_of(patterns: list[Any]) -> set[type]:
    found: set[type] = set()
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            found |= views_of(pattern.url_patterns)
        else:
            callback = pattern.callback
            found.add(getattr(callback, "cls", None) or callback.view_class)

    return found


def test_a_list_opens_the_charts_of_its_page_at_the_cost_of_one_statement(
    api: Api, people: Everybody, in_norte: ClinicRoute
) -> None:
    owner = api(people.norte.owner)
    others = [
        Patient.objects.create(
            name=f"Zélia {n}", phone="+5511987654321", cpf=cpf, birth_date=date(1980, 1, 1)
        )
        for n, cpf in enumerate(["11144477735", "12345678909"])
    ]

    def asked(path: str) -> int:
        with CaptureQueriesContext(connections[in_norte.shard]) as queries:
            assert owner.get(path).status_code == 200
        return sum("audit_" in query["sql"] for query in queries if "path" not in query["sql"])

    assert asked("/api/v1/patients?limit=2") == 1
    assert {chart for chart, _ in seen(people.norte.owner, at=in_norte)} == {
        str(people.norte.record.pk),
        str(others[0].pk),
    }
    assert asked("/api/v1/patients") == 1
    assert len(seen(people.norte.owner, at=in_norte)) == 3


def test_a_chart_that_was_refused_isnt_in_the_trail_as_seen(
    api: Api, people: Everybody, norte: ClinicRoute, sul: ClinicRoute
) -> None:
    path = f"/api/v1/patients/{people.norte.record.pk}"

    assert api(people.sul.owner).get(path).status_code == 404
    assert api(people.sul.owner, host="norte.localhost").get(path).status_code == 401
    assert api(people.norte.auditor).get(path).status_code == 403
    for person, at in ((people.sul.owner, sul), (people.norte.auditor, norte)):
        assert seen(person, at=at) == []
    with clinic_scope(norte):
        assert not Event.objects.filter(kind=EventKind.CHART_VIEWED).exists()


def test_a_chart_isnt_shown_when_that_cant_be_recorded(
    api: Api, people: Everybody, norte: ClinicRoute, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_: Any) -> None:
        raise ShardUnavailable(shard="shard_1")

    monkeypatch.setattr(middleware, "chart_view_record", away)
    client = api(people.norte.owner)
    client.raise_request_exception = False

    answer = client.get("/api/v1/patients")

    assert answer.status_code == 503
    assert people.norte.record.name not in answer.content.decode()
