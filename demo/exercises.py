"""The prescriptions of the demo's therapists, and three weeks of the demo patient's logs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from exercises.models import Exercise, Prescription, PrescriptionItem
from exercises.services import library_load, log_draft, logs_record, prescription_create
from patients.models import Patient

DAYS_BACK = 21
_KEPT = 0.8  # the share of prescribed days on which the demo patient exercises
_PRESCRIBED = 12  # patients
_PROGRAMMES = (
    ("lombar-basculacao-pelvica", "lombar-gato-camelo", "quadril-ponte", "core-transverso"),
    ("joelho-isometria-quadriceps", "joelho-elevacao-perna-reta", "quadril-concha"),
    ("ombro-pendular", "ombro-flexao-bastao", "toracica-livro-aberto"),
    ("cervical-retracao", "cervical-alongamento-trapezio", "toracica-anjo-parede"),
    ("tornozelo-bombeamento", "tornozelo-elevacao-calcanhar", "equilibrio-uma-perna"),
)
_NOTES = "Faça com calma. Se a dor passar de 5, diminua as repetições e me avise na sessão."


@dataclass(frozen=True, slots=True)
class Effort:
    """A day of the demo patient's exercises: when they begin, pain and effort from 0 to 10."""

    start: datetime
    pain: int
    effort: int


def plan(rng: Random, now: datetime) -> Iterator[Effort]:
    """The days with logs before `now`, in its time zone. Pain falls from about 7 to about 2."""
    for days_ago in range(DAYS_BACK, 0, -1):
        if rng.random() < _KEPT:
            day = now.date() - timedelta(days=days_ago)
            start = datetime.combine(day, time(19, rng.randrange(60)), tzinfo=now.tzinfo)
            pain = 2 + round(5 * days_ago / DAYS_BACK) + rng.choice((-1, 0, 0, 1))
            yield Effort(start, pain, rng.randrange(3, 7))


def fill_exercises(rng: Random, patients: Sequence[Patient]) -> None:
    """Load the library, prescribe for some of the patients, and log for the one who signs in."""
    library_load(acting_user=None)
    by_code = {exercise.library_code: exercise for exercise in Exercise.objects.all()}
    now = timezone.localtime()

    for number, patient in enumerate(patients[:_PRESCRIBED]):
        exercises = [by_code[code] for code in _PROGRAMMES[number % len(_PROGRAMMES)]]
        if patient.therapist is not None:
            prescription = _prescribe(patient.therapist, patient, exercises, now)
            if patient.user is not None:
                _log(rng, patient.user, prescription, now)


def _prescribe(
    therapist: User, patient: Patient, exercises: list[Exercise], now: datetime
) -> Prescription:
    return prescription_create(
        acting_user=therapist,
        patient=patient,
        start_date=now.date() - timedelta(days=DAYS_BACK),
        end_date=now.date() + timedelta(days=DAYS_BACK),
        notes=_NOTES,
        items=[{"exercise": exercise} for exercise in exercises],
    )


def _log(rng: Random, patient: User, prescription: Prescription, now: datetime) -> None:
    items = PrescriptionItem.objects.loggable_by(patient).filter(prescription=prescription)
    in_order = list(items.order_by("position"))

    logs = [
        log_draft(
            id=UUID(int=rng.getrandbits(128), version=4),
            item=item,
            done_at=day.start + timedelta(minutes=5 * item.position),
            sets=item.sets,
            repetitions=item.repetitions,
            pain=day.pain,
            effort=day.effort,
        )
        for day in plan(rng, now)
        for item in in_order
    ]

    logs_record(acting_user=patient, logs=logs)
