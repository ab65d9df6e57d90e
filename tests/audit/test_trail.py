"""The trail as a feed: its entries, their order, and its filters."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from accounts.models import User
from audit.events.services import event_record
from audit.models import EventKind
from audit.trail.entries import HIDDEN, Place, charts_in
from audit.trail.feed import Trail
from core.actor import Actor, acting
from exercises.models import ExerciseLog, PrescriptionItem
from exercises.services import exercise_create, prescription_create
from patients.models import Patient
from patients.services import note_draft, note_sign, patient_update
from scheduling.models import Room
from tenants.context import ClinicRoute, clinic_scope
from tests.audit.conftest import everything
from tests.people import Everybody

pytestmark = pytest.mark.usefixtures("in_norte")


def lines(trail: Trail, limit: int = 100) -> list[tuple[str, str]]:
    return [(entry.table, entry.kind) for entry in trail.page(limit)]


def test_a_change_has_old_and_new_values_and_the_changed_fields(people: Everybody) -> None:
    record = people.norte.record
    therapist = Actor(
        user_id=str(people.norte.therapist.pk),
        label="Therapist Norte",
        request_id="a-request",
        ip_address="192.0.2.1",
        user_agent="Phone",
        reason="evaluation",
    )
    with acting(therapist):
        Patient.objects.filter(pk=record.pk).update(medical_history="Ciatalgia.")

    change, made = Trail(record=record.pk).page(2)
    assert (change.table, change.kind, change.action) == ("patients_patient", "update", "UPDATE")
    assert change.changed_fields == ("medical_history",)
    assert change.old_values is not None
    assert change.new_values is not None
    assert change.old_values["medical_history"] == "Lombalgia."
    assert change.new_values["medical_history"] == "Ciatalgia."
    assert change.new_values["name"] == record.name
    assert (change.user_id, change.actor_label) == (people.norte.therapist.pk, "Therapist Norte")
    assert (change.request_id, change.ip_address) == ("a-request", "192.0.2.1")
    assert (change.user_agent, change.reason) == ("Phone", "evaluation")
    assert change.timestamp.tzinfo is UTC

    assert (made.kind, made.action, made.old_values) == ("insert", "INSERT", None)
    assert made.changed_fields == ()
    assert made.new_values is not None
    assert made.new_values["medical_history"] == "Lombalgia."


def test_a_deletion_keeps_what_was_deleted() -> None:
    room = Room.objects.create(name="Pilates", capacity=4)
    Room.objects.filter(pk=room.pk).delete()
    gone, made = Trail(record=room.pk).page(10)
    assert (gone.kind, gone.action, gone.new_values) == ("delete", "DELETE", None)
    assert gone.old_values == made.new_values
    assert gone.changed_fields == ()


def test_the_digest_of_a_password_isnt_shown(people: Everybody) -> None:
    therapist = User.objects.get(pk=people.norte.therapist.pk)
    therapist.set_password("pilates na segunda")
    therapist.save()
    change = Trail(record=therapist.pk).page(1)[0]

    assert "password" in change.changed_fields
    assert change.old_values is not None
    assert change.new_values is not None
    assert change.old_values["password"] == change.new_values["password"] == HIDDEN


def test_a_drafts_texts_are_hidden_and_a_signed_notes_are_shown(people: Everybody) -> None:
    note = note_draft(
        acting_user=people.norte.therapist,
        patient=people.norte.record,
        kind="evolution",
        plan="Rascunho.",
    )
    note_sign(acting_user=people.norte.therapist, note=note)

    signing, drafting = Trail(record=note.pk).page(10)

    for values in (signing.old_values, drafting.new_values):
        assert values is not None
        assert (values["plan"], values["kind"]) == (HIDDEN, "evolution")
    assert signing.new_values is not None
    assert signing.new_values["plan"] == "Rascunho."
    assert "plan" not in signing.changed_fields


def test_events_stand_between_the_changes(people: Everybody) -> None:
    before = Room.objects.create(name="Um", capacity=1)
    event_record(
        kind=EventKind.CHART_VIEWED, patient_id=people.norte.record.pk, details={"count": 3}
    )
    after = Room.objects.create(name="Dois", capacity=1)

    newest = Trail().page(3)
    assert [e.record_id for e in newest] == [str(after.pk), "", str(before.pk)]

    event = newest[1]
    assert (event.kind, event.action, event.details) == ("chart_viewed", None, {"count": 3})
    assert (event.old_values, event.new_values, event.table) == (None, None, "")
    assert event.patient_id == people.norte.record.pk
    assert charts_in(newest) == set()  # an event shows nothing of the chart


def test_pages_of_any_size_are_the_whole_trail_once(people: Everybody) -> None:
    for number in range(4):
        Room.objects.create(name=f"Sala {number}", capacity=1)
        event_record(kind=EventKind.PRINTED, patient_id=people.norte.record.pk)

    whole = Trail().page(1000)
    assert len(whole) == Trail().count() < 1000
    assert [e.timestamp for e in whole] == sorted((e.timestamp for e in whole), reverse=True)

    for size in (1, 3, 7):
        assert everything(Trail(), size) == [e.place for e in whole], size


def test_each_filter_leaves_the_entries_that_it_names(people: Everybody) -> None:
    norte = people.norte
    by_therapist = Actor(user_id=str(norte.therapist.pk), label="T", request_id="of-therapist")
    with acting(by_therapist):
        room = Room.objects.create(name="Pilates", capacity=4)
        Room.objects.filter(pk=room.pk).update(capacity=5)
        event_record(kind=EventKind.EXPORTED, table_name="scheduling_room", record_id=str(room.pk))

    changes = [("scheduling_room", "update"), ("scheduling_room", "insert")]
    all_three = [("scheduling_room", "exported"), *changes]

    assert lines(Trail(record=room.pk)) == all_three
    assert lines(Trail(user=norte.therapist.pk)) == all_three
    assert lines(Trail(request="of-therapist")) == all_three
    assert lines(Trail(table="scheduling_room")) == all_three
    assert lines(Trail(table="scheduling_room", kind="update")) == changes[:1]
    assert lines(Trail(user=norte.therapist.pk, kind="insert")) == changes[1:]
    assert lines(Trail(kind="exported")) == all_three[:1]
    assert lines(Trail(record=room.pk, user=norte.owner.pk)) == []
    assert lines(Trail(record=uuid4())) == []
    assert lines(Trail(patient=uuid4())) == []
    assert lines(Trail(kind="delete", table="scheduling_room")) == []


def test_time_bounds_include_the_beginning_and_not_the_end() -> None:
    for name in ("Um", "Dois", "Três"):
        Room.objects.create(name=name, capacity=1)

    third, second, first = Trail(table="scheduling_room").page(10)
    between = Trail(table="scheduling_room", since=first.timestamp, until=third.timestamp)
    assert [e.place for e in between.page(10)] == [second.place, first.place]
    later = third.timestamp + timedelta(microseconds=1)
    assert Trail(table="scheduling_room", since=later).page(10) == []


def test_a_patients_trail_has_their_prescriptions_items_and_logs(people: Everybody) -> None:
    norte = people.norte
    other = Patient.objects.create(
        name="Outra", phone="+5511987650000", cpf="11144477735", birth_date="1990-01-01"
    )
    exercise = exercise_create(
        acting_user=None, name="Ponte", body_region="hip", goal="strength", instructions="Suba."
    )
    for patient in (norte.record, other):
        prescription_create(
            acting_user=norte.therapist,
            patient=patient,
            start_date=datetime(2026, 3, 2, tzinfo=UTC).date(),
            items=[{"exercise": exercise}],
        )
        note_draft(acting_user=norte.therapist, patient=patient, kind="evolution", plan="Manter.")

    item = PrescriptionItem.objects.get(prescription__patient=norte.record)
    done = {"sets": 3, "repetitions": 10, "pain": 2, "effort": 4}
    ExerciseLog.objects.create(item=item, done_at=datetime(2026, 3, 3, 12, tzinfo=UTC), **done)
    record = Patient.objects.get(pk=norte.record.pk)
    patient_update(acting_user=None, patient=record, changes={"phone": "+5511900000000"})
    event_record(kind=EventKind.CHART_VIEWED, patient_id=norte.record.pk)
    own = Trail(patient=norte.record.pk).page(100)

    assert {e.table for e in own} == {
        *("patients_patient", "patients_clinicalnote", "exercises_prescription", ""),
        *("exercises_prescriptionitem", "exercises_exerciselog"),
    }
    assert not {e.place for e in own} & {e.place for e in Trail(patient=other.pk).page(100)}


def test_another_clinics_trail_is_another(
    people: Everybody, norte: ClinicRoute, sul: ClinicRoute
) -> None:
    room = Room.objects.create(name="Só do norte", capacity=1)
    trail = Trail()
    with clinic_scope(sul):
        assert Trail(record=room.pk).page(10) == []
        assert all("Norte" not in e.actor_label for e in trail.page(100))


def test_a_page_begins_at_no_place_that_isnt_there() -> None:
    for place in (Place("scheduling_room", 10**15), Place("nowhere", 1), Place("audit_event", 0)):
        with pytest.raises(LookupError):
            Trail().page(1, after=place)
    for text in ("", "audit_event", "audit_event:", "audit_event:x", "audit_event:٣", ":" * 9):
        with pytest.raises(ValueError):
            Place.parse(text)


def test_every_number_that_a_row_can_have_is_a_place() -> None:
    for number in (7, 0, -5, 2**63 - 1, -(2**63)):
        assert Place.parse(str(Place("audit_event", number))) == Place("audit_event", number)
    for number in (2**63, -(2**63) - 1, 10**30):
        with pytest.raises(ValueError):
            Place.parse(f"audit_event:{number}")
