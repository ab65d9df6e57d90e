"""Two want the same time: exactly one gets it, and the other learns why."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

from django.db import connections

from scheduling.models import Appointment
from tenants.context import clinic_scope

URL = "/api/v1/appointments"
RACERS = 8


def race(attempts: list[Callable[[], Any]]) -> list[Any]:
    """Run the attempts at once, each in a thread with connections of its own."""
    start = Barrier(len(attempts))

    def run(attempt: Callable[[], Any]) -> Any:
        try:
            start.wait(timeout=30)
            return attempt()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(attempts)) as threads:
        return [done.result() for done in [threads.submit(run, one) for one in attempts]]


def test_of_requests_for_one_slot_exactly_one_wins(api: Any, fresh_clinic: Any) -> None:
    people = fresh_clinic.people
    body = {
        "patient": str(people.record.pk),
        "therapist": str(people.therapist.pk),
        "start_time": "2026-03-02T09:00:00-03:00",
        "end_time": "2026-03-02T10:00:00-03:00",
    }
    clients = [api(people.receptionist) for _ in range(RACERS)]
    answers = race([partial(client.post, URL, body) for client in clients])
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (RACERS - 1)
    won = next(answer.json() for answer in answers if answer.status_code == 201)
    for refused in (answer.json() for answer in answers if answer.status_code == 409):
        assert refused["code"] == "appointment_conflict"
        assert {error["code"] for error in refused["errors"]} == {"therapist_busy", "patient_busy"}
        assert all(e["conflicts"][0]["id"] == won["id"] for e in refused["errors"])
    with clinic_scope(fresh_clinic.route):
        assert Appointment.objects.count() == 1
