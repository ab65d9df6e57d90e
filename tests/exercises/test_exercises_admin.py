"""Exercises in the clinic's admin: the library is written there, the rest is read-only."""

from typing import Any

import pytest
from django.test import Client

from exercises.models import Exercise, PrescriptionItem
from tenants.context import ClinicRoute, clinic_scope
from tests.exercises.conftest import ALog
from tests.people import Everybody

ADMIN = "/admin/exercises"


@pytest.fixture
def manager(people: Everybody, norte: ClinicRoute) -> Client:
    """The manager's browser, on norte's host."""
    client = Client(SERVER_NAME="norte.localhost")
    with clinic_scope(norte):
        client.force_login(people.norte.manager)
    return client


def form(**fields: Any) -> dict[str, Any]:
    words = {"name": "Prancha", "body_region": "core", "goal": "endurance"}
    words |= {"instructions": "Corpo reto.", "contraindications": "", "media_url": ""}
    dose = {"default_sets": 3, "default_repetitions": 1, "default_hold_seconds": 30}
    links = {"progression": "", "regression": "", "default_frequency_per_week": 3}
    return words | dose | links | fields


def reasons(answer: Any) -> str:
    """The errors of the form."""
    assert answer.status_code == 200
    return str(answer.context_data["adminform"].form.errors)


def test_a_manager_adds_changes_and_takes_out_an_exercise(
    manager: Client, norte: ClinicRoute, bridge: Exercise
) -> None:
    assert manager.post(f"{ADMIN}/exercise/add/", form(regression=bridge.pk)).status_code == 302

    with clinic_scope(norte):
        made = Exercise.objects.get(name="Prancha")

    path = f"{ADMIN}/exercise/{made.pk}/"
    change = form(regression=bridge.pk, default_hold_seconds=45)
    assert manager.post(path + "change/", change).status_code == 302
    assert manager.post(path + "delete/", {"post": "yes"}).status_code == 302

    with clinic_scope(norte):
        made.refresh_from_db()
    assert made.deleted_at is not None
    assert (made.default_hold_seconds, made.regression_id) == (45, bridge.pk)


def test_the_form_shows_what_the_service_refuses(manager: Client, bridge: Exercise) -> None:
    taken = manager.post(f"{ADMIN}/exercise/add/", form(name="ponte"))
    assert "name" in reasons(taken)
    http = manager.post(f"{ADMIN}/exercise/add/", form(media_url="http://v.example/"))
    assert "media_url" in reasons(http)
    itself = form(name="Ponte", progression=bridge.pk)
    assert "progression" in reasons(manager.post(f"{ADMIN}/exercise/{bridge.pk}/change/", itself))


def test_pages_open(
    manager: Client, norte: ClinicRoute, item: PrescriptionItem, a_log: ALog
) -> None:
    with clinic_scope(norte):
        log = a_log(comment="Doeu no fim.")
        log.save()

    pages = [
        ("exercise/", "Ponte"),
        ("exercise/?q=ponte&body_region__exact=hip", "Ponte"),
        ("exercise/add/", ""),
        (f"exercise/{item.exercise_id}/change/", "Eleve a bacia."),
        ("prescription/", "Paciente Modelo"),
        ("prescription/?q=modelo", "Paciente Modelo"),
        (f"prescription/{item.prescription_id}/change/", "Ponte"),
        ("exerciselog/", "Ponte"),
        (f"exerciselog/{log.pk}/change/", "Doeu no fim."),
    ]

    for page, shown in pages:
        answer = manager.get(f"{ADMIN}/{page}")
        assert answer.status_code == 200, page
        assert shown in answer.content.decode(), page


def test_prescriptions_and_logs_are_not_written_here(
    manager: Client, norte: ClinicRoute, item: PrescriptionItem
) -> None:
    for page in ("prescription/add/", "exerciselog/add/"):
        assert manager.get(f"{ADMIN}/{page}").status_code == 403
        assert manager.post(f"{ADMIN}/{page}", {}).status_code == 403
    path = f"{ADMIN}/prescription/{item.prescription_id}"
    assert manager.post(f"{path}/change/", {"notes": "x"}).status_code == 403
    assert manager.post(f"{path}/delete/", {"post": "yes"}).status_code == 403
