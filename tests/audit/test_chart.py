"""A patient's whole chart as it stood at a moment."""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from audit.trail.chart import chart_as_of
from exercises.models import ExerciseLog, PrescriptionItem
from exercises.services import exercise_create, prescription_create
from patients.models import Patient
from patients.services import note_draft, note_sign, patient_update
from scheduling.models import Appointment
from tests.people import Everybody

pytestmark = pytest.mark.usefixtures("in_norte")


def test_a_chart_is_read_as_it_was_before_and_after_each_change(people: Everybody) -> None:
    norte, record = people.norte, Patient.objects.get(pk=people.norte.record.pk)
    note = note_draft(acting_user=norte.therapist, patient=record, kind="evolution", plan="Manter.")
    visit = Appointment.objects.create(
        patient=record,
        therapist=norte.therapist,
        start_time=datetime(2026, 3, 2, 12, tzinfo=UTC),
        end_time=datetime(2026, 3, 2, 13, tzinfo=UTC),
    )

    before = timezone.now()
    note_sign(acting_user=norte.therapist, note=note)
    Appointment.objects.filter(pk=visit.pk).delete()
    patient_update(acting_user=None, patient=record, changes={"medical_history": "Alta."})
    after = timezone.now()

    then, now = chart_as_of(record.pk, before), chart_as_of(record.pk, after)
    assert set(then) == {"patients_patient", "patients_clinicalnote", "scheduling_appointment"}
    assert [patient.medical_history for patient in then["patients_patient"]] == ["Lombalgia."]
    assert then["patients_clinicalnote"][0].signed_at is None
    assert then["scheduling_appointment"] == [visit]

    assert now["patients_patient"][0].medical_history == "Alta."
    assert now["patients_clinicalnote"][0].author_name == "Therapist Norte"
    assert "scheduling_appointment" not in now


def test_items_and_logs_belong_to_the_chart_of_their_prescription(people: Everybody) -> None:
    norte = people.norte
    exercise = exercise_create(
        acting_user=None, name="Ponte", body_region="hip", goal="strength", instructions="Suba."
    )
    prescription = prescription_create(
        acting_user=norte.therapist,
        patient=norte.record,
        start_date=date(2026, 3, 2),
        items=[{"exercise": exercise}],
    )
    item = PrescriptionItem.objects.get()
    log = ExerciseLog.objects.create(
        item=item,
        done_at=datetime(2026, 3, 3, 12, tzinfo=UTC),
        sets=3,
        repetitions=10,
        pain=2,
        effort=4,
    )

    chart = chart_as_of(norte.record.pk, timezone.now())

    assert chart["exercises_prescription"] == [prescription]
    assert chart["exercises_prescriptionitem"] == [item]
    assert chart["exercises_exerciselog"] == [log]


def test_a_visit_moved_to_another_chart_is_where_it_was(people: Everybody) -> None:
    """A visit that was booked for the wrong patient was in the wrong chart until it was moved."""
    norte = people.norte
    other = Patient.objects.create(
        name="Outra", phone="+5511987650000", cpf="11144477735", birth_date="1990-01-01"
    )
    visit = Appointment.objects.create(
        patient=other,
        therapist=norte.therapist,
        start_time=datetime(2026, 3, 2, 12, tzinfo=UTC),
        end_time=datetime(2026, 3, 2, 13, tzinfo=UTC),
    )

    before = timezone.now()
    Appointment.objects.filter(pk=visit.pk).update(patient=norte.record)
    after = timezone.now()

    assert "scheduling_appointment" in chart_as_of(other.pk, before)
    assert "scheduling_appointment" not in chart_as_of(norte.record.pk, before)
    assert "scheduling_appointment" in chart_as_of(norte.record.pk, after)
    assert "scheduling_appointment" not in chart_as_of(other.pk, after)


def test_there_is_no_chart_before_the_patient(people: Everybody) -> None:
    assert chart_as_of(people.norte.record.pk, datetime(2020, 1, 1, tzinfo=UTC)) == {}
