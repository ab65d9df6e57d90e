"""The agenda's set-up in the clinic's admin, as the manager writes it."""

from typing import Any

import pytest
from django.db import models
from django.test import Client

from scheduling.models import Closure, HoursException, Room, WorkingHours
from tenants.context import ClinicRoute, clinic_scope
from tests.people import Everybody

Form = dict[str, Any]


@pytest.fixture
def manager(people: Everybody, norte: ClinicRoute) -> Client:
    """The manager's browser, on norte's host."""
    client = Client(SERVER_NAME="norte.localhost")
    with clinic_scope(norte):
        client.force_login(people.norte.manager)
    return client


@pytest.mark.parametrize(
    ("model", "form", "change", "of_therapist"),
    [
        (Room, {"name": "Sala 1", "capacity": 1, "active": "on"}, {"name": "Sala 2"}, False),
        (
            WorkingHours,
            {"weekday": 0, "start": "08:00", "end": "12:00", "valid_from": "", "valid_until": ""},
            {"weekday": 1},
            True,
        ),
        (
            HoursException,
            {"day": "2026-03-02", "start": "", "end": ""},
            {"day": "2026-03-03"},
            True,
        ),
        (
            Closure,
            {"first_day": "2026-03-02", "last_day": "2026-03-02", "reason": "Obra"},
            {"reason": "Reforma"},
            False,
        ),
    ],
    ids=["rooms", "hours", "exceptions", "closures"],
)
def test_the_manager_adds_changes_and_deletes(
    manager: Client,
    people: Everybody,
    norte: ClinicRoute,
    model: type[models.Model],
    form: Form,
    change: Form,
    of_therapist: bool,
) -> None:
    page = f"/admin/scheduling/{model._meta.model_name}/"
    given = form | ({"therapist": str(people.norte.therapist.pk)} if of_therapist else {})
    assert manager.post(page + "add/", given).status_code == 302

    with clinic_scope(norte):
        made = model._default_manager.get()
    assert manager.post(f"{page}{made.pk}/change/", form | change).status_code == 302

    (field, value), *_ = change.items()
    with clinic_scope(norte):
        assert str(getattr(model._default_manager.get(), field)) == str(value)

    assert manager.post(f"{page}{made.pk}/delete/", {"post": "yes"}).status_code == 302
    with clinic_scope(norte):
        assert not model._default_manager.exists()
