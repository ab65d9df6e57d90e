"""Each rule of exercises, prescriptions and logs, in the model and in the database on its own."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import Error, IntegrityError, connections, models, transaction
from django.utils import timezone

from core.constraints import constraint_of, refusal_of, rule_of
from exercises.constraints import RULES
from exercises.models import Exercise, ExerciseLog, Prescription, PrescriptionItem
from tenants.context import ClinicRoute, clinic_scope
from tests.exercises.conftest import ALog, AnExercise
from tests.people import Everybody

APrescription = Callable[..., Prescription]


def refuse(row: models.Model) -> str:
    """The constraint by which the database refuses the row, without any Python check."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic(using="shard_1"):
        type(row)._default_manager.bulk_create([row])
    return str(constraint_of(refused.value))


def codes(row: Any) -> dict[str, str]:
    """What the model refuses without its constraints: the codes, by field."""
    with pytest.raises(ValidationError) as refused:
        row.full_clean(validate_unique=False, validate_constraints=False)
    return {field: str(errors[0].code) for field, errors in refused.value.error_dict.items()}


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"name": "P"}, "name_length"),
        ({"name": "Po\x01te"}, "name_printable"),
        ({"body_region": "tail"}, "body_region_known"),
        ({"goal": "fame"}, "goal_known"),
        ({"instructions": ""}, "instructions_length"),
        ({"instructions": "é" * 5001}, "instructions_length"),
        ({"contraindications": "é" * 2001}, "contraindications_length"),
        ({"media_url": "http://v.example/"}, "media_url_https"),
        ({"default_sets": 0}, "sets_bounds"),
        ({"default_sets": 21}, "sets_bounds"),
        ({"default_repetitions": 0}, "repetitions_bounds"),
        ({"default_hold_seconds": -1}, "hold_seconds_bounds"),
        ({"default_frequency_per_week": 8}, "frequency_per_week_bounds"),
    ],
)
def test_model_and_database_refuse_a_wrong_exercise(
    in_norte: ClinicRoute, an_exercise: AnExercise, fields: Any, constraint: str
) -> None:
    name = f"exercises_exercise_{constraint}"
    assert codes(an_exercise(**fields)).keys() == fields.keys() == {RULES[name].field}
    assert refuse(an_exercise(**fields)) == name


def test_a_name_is_stored_trimmed_and_once(in_norte: ClinicRoute, an_exercise: AnExercise) -> None:
    exercise = an_exercise(name="  Ponte\u0301 ")
    exercise.full_clean()
    exercise.save()

    assert exercise.name == "Ponté"
    assert refuse(an_exercise(name=" Ponte")) == "exercises_exercise_name_trimmed"
    assert refuse(an_exercise(name="PONTÉ")) == "exercises_exercise_name_unique"

    with pytest.raises(ValidationError) as refused:
        an_exercise(name="PONTÉ").full_clean()
    assert refused.value.error_dict["name"][0].code == "unique"

    Exercise.objects.update(deleted_at=timezone.now())
    an_exercise(name="PONTÉ").save()


@pytest.mark.parametrize("link", ["progression", "regression"])
def test_an_exercise_does_not_lead_to_itself(
    in_norte: ClinicRoute, an_exercise: AnExercise, link: str
) -> None:
    exercise = an_exercise()
    setattr(exercise, f"{link}_id", exercise.pk)
    with pytest.raises(ValidationError) as refused:
        exercise.clean()
    assert refused.value.error_dict[link][0].code == "itself"
    assert refuse(exercise) == f"exercises_exercise_{link}_other"


@pytest.fixture
def a_prescription(people: Everybody) -> APrescription:
    def build(**fields: Any) -> Prescription:
        who = {"patient": people.norte.record, "therapist": people.norte.therapist}
        frozen = {"therapist_name": "T", "therapist_crefito": "3/1-F"}
        return Prescription(**who | frozen | {"start_date": date(2026, 3, 2)} | fields)

    return build


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"end_date": date(2026, 3, 1)}, "ends_after_start"),
        ({"start_date": date(1999, 12, 31)}, "start_in_this_century"),
        ({"end_date": date(2100, 1, 1)}, "end_in_this_century"),
        ({"status": "paused", "closed_on": date(2026, 3, 2)}, "status_known"),
        ({"notes": "é" * 2001}, "notes_length"),
    ],
)
def test_model_and_database_refuse_a_wrong_prescription(
    in_norte: ClinicRoute, a_prescription: APrescription, fields: Any, constraint: str
) -> None:
    name = f"exercises_prescription_{constraint}"
    assert codes(a_prescription(**fields)).keys() == {RULES[name].field}
    assert refuse(a_prescription(**fields)) == name


def test_what_only_services_set_is_held_by_the_database(
    in_norte: ClinicRoute, a_prescription: APrescription, prescription: Prescription
) -> None:
    held = "exercises_prescription_closed_has_day"
    assert refuse(a_prescription(status="completed")) == held
    assert refuse(a_prescription(closed_on=date(2026, 3, 2))) == held
    assert refuse(a_prescription(version=2)) == "exercises_prescription_first_replaces_none"

    a_prescription(version=2, replaces=prescription).save()
    second = a_prescription(version=2, replaces=prescription)
    assert refuse(second) == "exercises_prescription_one_successor"


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"sets": 21}, "sets_bounds"),
        ({"repetitions": 0}, "repetitions_bounds"),
        ({"hold_seconds": 601}, "hold_seconds_bounds"),
        ({"frequency_per_week": 0}, "frequency_per_week_bounds"),
        ({"position": 31}, "position_bounds"),
        ({"comment": "é" * 501}, "comment_length"),
    ],
)
def test_model_and_database_refuse_a_wrong_item(
    in_norte: ClinicRoute, item: PrescriptionItem, fields: Any, constraint: str
) -> None:
    right = {"prescription": item.prescription, "exercise": item.exercise, "position": 2}
    dose = {"sets": 3, "repetitions": 10, "hold_seconds": 0, "frequency_per_week": 3}

    wrong = PrescriptionItem(**right | dose | fields)
    assert codes(wrong).keys() == fields.keys()
    assert refuse(wrong) == f"exercises_prescriptionitem_{constraint}"

    taken = PrescriptionItem(**right | dose | {"position": 1})
    assert refuse(taken) == "exercises_prescriptionitem_position_free"


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"sets": 0}, "sets_bounds"),
        ({"repetitions": 1001}, "repetitions_bounds"),
        ({"pain": 11}, "pain_bounds"),
        ({"effort": -1}, "effort_bounds"),
        ({"comment": "é" * 501}, "comment_length"),
        ({"done_at": datetime(2099, 1, 1, tzinfo=UTC)}, "not_future"),
        ({"done_at": datetime(2001, 1, 1, tzinfo=UTC)}, "after_start"),
    ],
)
def test_model_and_database_refuse_a_wrong_log(
    in_norte: ClinicRoute, a_log: ALog, fields: Any, constraint: str
) -> None:
    name = f"exercises_exerciselog_{constraint}"
    assert codes(a_log(**fields)).keys() == fields.keys() == {RULES[name].field}
    assert refuse(a_log(**fields)) == name


def test_in_the_database_a_first_day_begins_in_the_easternmost_zone(
    norte: ClinicRoute, a_log: ALog, item: PrescriptionItem
) -> None:
    start = item.prescription.start_date
    first = datetime(start.year, start.month, start.day, tzinfo=UTC) - timedelta(hours=14)

    with clinic_scope(norte):
        late = "exercises_exerciselog_after_start"
        assert refuse(a_log(done_at=first - timedelta(microseconds=1))) == late
        ExerciseLog.objects.bulk_create([a_log(done_at=first)])


def test_logs_are_append_only_for_every_kind_of_write(in_norte: ClinicRoute, a_log: ALog) -> None:
    log = a_log()
    log.save()
    log.pain = 0
    attempts: list[Callable[[], object]] = [
        log.save,
        log.delete,
        lambda: ExerciseLog.objects.update(pain=0),
        lambda: ExerciseLog.objects.all().delete(),
        lambda: connections["shard_1"].cursor().execute("DELETE FROM exercises_exerciselog"),
    ]

    for attempt in attempts:
        with pytest.raises(IntegrityError) as refused, transaction.atomic(using="shard_1"):
            attempt()
        assert constraint_of(refused.value) == "exercises_exerciselog_append_only"
        assert refusal_of(refused.value).status == 409

    assert ExerciseLog.objects.get().pain == 2


def test_an_item_or_a_patient_with_logs_stays(
    in_norte: ClinicRoute, a_log: ALog, item: PrescriptionItem
) -> None:
    a_log().save()
    for row in (item, item.prescription, item.prescription.patient):
        with pytest.raises(Error), transaction.atomic(using="shard_1"):
            row.delete()


def test_every_constraint_of_the_app_has_its_rule() -> None:
    for model in (Exercise, Prescription, PrescriptionItem, ExerciseLog):
        for constraint in model._meta.constraints:
            assert rule_of(constraint.name), constraint.name
    names = {c.name for m in (Exercise, Prescription) for c in m._meta.constraints}
    names |= {c.name for m in (PrescriptionItem, ExerciseLog) for c in m._meta.constraints}
    by_trigger_or_key = {"after_start", "append_only", "pkey"}
    assert RULES.keys() - names == {f"exercises_exerciselog_{n}" for n in by_trigger_or_key}
