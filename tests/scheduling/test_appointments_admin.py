"""Appointments in the clinic's admin: the form shows what the service refuses."""

from typing import Any

import pytest
from django.test import Client

from scheduling.models import Appointment
from scheduling.states import Status
from tenants.context import ClinicRoute, clinic_scope
from tests.people import Everybody
from tests.scheduling.conftest import AnAppointment, Body

LIST = "/admin/scheduling/appointment/"


@pytest.fixture
def manager(people: Everybody, norte: ClinicRoute) -> Client:
    """The manager's browser, on norte's host."""
    client = Client(SERVER_NAME="norte.localhost")
    with clinic_scope(norte):
        client.force_login(people.norte.manager)
    return client


@pytest.fixture
def form(people: Everybody) -> Body:
    """The fields of the form; the clinic's clock is three hours behind UTC."""

    def fill(start: str = "09:00", end: str = "10:00", **fields: Any) -> dict[str, Any]:
        when = {"start_time_0": "2026-03-02", "start_time_1": start}
        when |= {"end_time_0": "2026-03-02", "end_time_1": end}
        who = {"patient": people.norte.record.pk, "therapist": people.norte.therapist.pk}
        return who | when | {"notes": ""} | fields

    return fill


def reasons(answer: Any) -> str:
    """The errors of the form."""
    assert answer.status_code == 200
    return str(answer.context_data["adminform"].form.errors)


def test_a_manager_books_moves_and_deletes(manager: Client, norte: ClinicRoute, form: Body) -> None:
    assert manager.post(LIST + "add/", form()).status_code == 302

    with clinic_scope(norte):
        (made,) = Appointment.objects.all()
    assert made.start_time.isoformat() == "2026-03-02T12:00:00+00:00"

    path = f"{LIST}{made.pk}/"
    change = form("11:00", "12:00", status="scheduled")
    assert manager.post(path + "change/", change).status_code == 302
    assert manager.post(path + "delete/", {"post": "yes"}).status_code == 302

    with clinic_scope(norte):
        now = Appointment.objects.get(pk=made.pk)
    assert now.deleted_at is not None
    assert now.start_time.isoformat() == "2026-03-02T14:00:00+00:00"


def test_pages_open(
    manager: Client, norte: ClinicRoute, an_appointment: AnAppointment, people: Everybody
) -> None:
    with clinic_scope(norte):
        appointment = an_appointment(9)
        appointment.save()

    assert manager.get(LIST).status_code == 200
    assert manager.get(LIST, {"q": "modelo", "status__exact": "scheduled"}).status_code == 200
    assert manager.get(LIST + "add/").status_code == 200
    assert manager.get(f"{LIST}{appointment.pk}/change/").status_code == 200
    assert manager.get(f"{LIST}{appointment.pk}/delete/").status_code == 200
    assert manager.get(f"{LIST}{appointment.pk}/history/").status_code == 200


def test_an_overlap_is_an_error_of_the_form(
    manager: Client, norte: ClinicRoute, form: Body, an_appointment: AnAppointment
) -> None:
    with clinic_scope(norte):
        an_appointment(12.5).save()

    said = reasons(manager.post(LIST + "add/", form()))
    assert "therapist" in said
    assert "patient" in said

    with clinic_scope(norte):
        assert Appointment.objects.count() == 1
        later = an_appointment(20)
        later.save()

    moved = manager.post(f"{LIST}{later.pk}/change/", form(status="scheduled"))
    assert "therapist" in reasons(moved)


@pytest.mark.parametrize(
    ("start", "end", "field"), [("09:00", "08:00", "end_time"), ("09:00", "09:10", "end_time")]
)
def test_a_wrong_time_is_an_error_of_the_form(
    manager: Client, form: Body, start: str, end: str, field: str
) -> None:
    assert field in reasons(manager.post(LIST + "add/", form(start, end)))


def test_a_status_that_can_not_follow_is_an_error_of_the_form(
    manager: Client, norte: ClinicRoute, form: Body, an_appointment: AnAppointment
) -> None:
    with clinic_scope(norte):
        done = an_appointment(12, status=Status.COMPLETED)
        done.save()

    assert "__all__" in reasons(manager.post(f"{LIST}{done.pk}/change/", form(status="scheduled")))

    with clinic_scope(norte):
        assert Appointment.objects.get(pk=done.pk).status == Status.COMPLETED


def test_several_are_deleted_from_the_list(
    manager: Client, norte: ClinicRoute, an_appointment: AnAppointment
) -> None:
    with clinic_scope(norte):
        Appointment.objects.bulk_create([an_appointment(hour) for hour in (9, 10, 11)])
        keys = [str(key) for key in Appointment.objects.values_list("pk", flat=True)[:2]]

    action = {"action": "delete_selected", "_selected_action": keys, "post": "yes"}
    assert manager.post(LIST, action).status_code == 302

    with clinic_scope(norte):
        assert Appointment.objects.count() == 3
        assert Appointment.objects.alive().count() == 1
