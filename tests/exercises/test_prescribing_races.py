"""Races: a prescription gets one next version, a log is stored once, an edit misses no log."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from core.ids import uuid7
from exercises.errors import PrescriptionLocked, PrescriptionSuperseded
from exercises.models import ExerciseLog, Prescription, PrescriptionItem
from exercises.services import (
    exercise_create,
    log_draft,
    logs_record,
    prescription_create,
    prescription_renew,
    prescription_update,
)
from tenants.context import clinic_scope
from tests.people import Api, FreshClinic, People
from tests.racing import race


@dataclass(frozen=True)
class PrescribedItem:
    """A committed prescription of one exercise, and the clinic's people."""

    prescription: Prescription
    item: PrescriptionItem
    people: People


@pytest.fixture
def prescribed(fresh_clinic: FreshClinic) -> PrescribedItem:
    people = fresh_clinic.people
    with clinic_scope(fresh_clinic.route):
        bridge = exercise_create(
            acting_user=None, name="Ponte", body_region="hip", goal="strength", instructions="Suba."
        )
        prescription = prescription_create(
            acting_user=people.therapist,
            patient=people.record,
            start_date=timezone.localdate(),
            items=[{"exercise": bridge}],
        )
        item = PrescriptionItem.objects.select_related("prescription").get()

    return PrescribedItem(prescription=prescription, item=item, people=people)


def a_log(prescribed: PrescribedItem) -> dict[str, Any]:
    right = {"id": uuid7(), "item": prescribed.item, "done_at": timezone.now()}
    return right | {"sets": 1, "repetitions": 1, "pain": 0, "effort": 0}


def test_when_several_renew_one_version_exactly_one_wins(
    fresh_clinic: FreshClinic, prescribed: PrescribedItem
) -> None:
    def renew() -> bool:
        with clinic_scope(fresh_clinic.route):
            try:
                prescription_renew(
                    acting_user=prescribed.people.therapist,
                    prescription=prescribed.prescription,
                    changes={},
                )
            except PrescriptionSuperseded:
                return False
            return True

    assert sorted(race([renew] * 4)) == [False, False, False, True]

    with clinic_scope(fresh_clinic.route):
        assert list(Prescription.objects.order_by("version").values_list("version", "status")) == [
            (1, "superseded"),
            (2, "active"),
        ]


def test_a_phone_that_sends_in_parallel_logs_once(
    api: Api, fresh_clinic: FreshClinic, prescribed: PrescribedItem
) -> None:
    log = a_log(prescribed)
    body = log | {"id": str(log["id"]), "item": str(log["item"].pk)}
    body["done_at"] = log["done_at"].isoformat()
    clients = [api(prescribed.people.patient) for _ in range(6)]

    answers = race([partial(client.post, "/api/v1/exercise-logs", body) for client in clients])
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.content for answer in answers}) == 1

    with clinic_scope(fresh_clinic.route):
        assert ExerciseLog.objects.count() == 1


def test_a_log_and_an_edit_take_turns(
    fresh_clinic: FreshClinic, prescribed: PrescribedItem
) -> None:
    therapist, patient = prescribed.people.therapist, prescribed.people.patient

    def log() -> None:
        with clinic_scope(fresh_clinic.route):
            logs_record(acting_user=patient, logs=[log_draft(**a_log(prescribed))])

    def edit() -> bool:
        with clinic_scope(fresh_clinic.route):
            try:
                prescription_update(
                    acting_user=therapist,
                    prescription=prescribed.prescription,
                    changes={"notes": "Depois."},
                )
            except PrescriptionLocked:
                return False
            return True

    _, edited = race([log, edit])

    with clinic_scope(fresh_clinic.route):
        assert ExerciseLog.objects.count() == 1
        assert Prescription.objects.get().notes == ("Depois." if edited else "")
        with pytest.raises(PrescriptionLocked):
            prescription_update(
                acting_user=therapist,
                prescription=prescribed.prescription,
                changes={"notes": "Tarde."},
            )
