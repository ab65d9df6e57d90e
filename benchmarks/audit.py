"""The cost of a history, compared with the same writes without triggers and with stock signals."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from django.core.management import call_command
from django.db import connections, transaction
from django.utils import timezone
from simple_history.models import HistoricalRecords

from audit.capture.history import TrackedHistory
from benchmarks.report import Figure, middle
from benchmarks.sample import patient
from core.actor import Actor, acting
from core.ids import uuid7
from patients.models import Patient
from tenants.context import clinic_scope, platform_scope
from tenants.postgresql.owner import as_owner
from tenants.services import clinic_create

SHARD = "shard_1"
ROUNDS, SAVES, ROWS = 7, 300, 10_000
_TRIGGERS = [f"patients_patient_history_{name}" for name in ("insert", "update", "delete")]


def figures() -> Iterator[Figure]:
    """One clinic. Each round measures all ways, one right after the other."""
    call_command("migrate", verbosity=0)
    call_command("migrate_clinics", verbosity=0)

    with platform_scope():
        clinic = clinic_create(
            acting_user=None,
            schema_name="bench_audit",
            name="B",
            domain="bench-audit.localhost",
            shard=SHARD,
        )

    person = Actor(str(uuid7()), "Ana Souza", uuid7().hex, "203.0.113.9", "Mozilla/5.0 " + "x" * 90)
    with acting(person), as_owner(SHARD), clinic_scope(clinic.route):
        ways = {"without": _without, "with": _with, "signals": _signals}
        for name, work, bar in (
            ("save(), each its own transaction", _save, 1.35),
            ("save(), all in one transaction", _save_in_one, None),
            ("update() of 10,000 rows", _update, 3.0),
            ("bulk_create of 10,000 rows", _bulk_create, 2.5),
        ):
            times: dict[str, list[float]] = {way: [] for way in ways}
            for _ in range(ROUNDS):
                for way, entered in ways.items():
                    with entered():
                        times[way].append(work())

            plain = middle(times["without"])
            yield Figure(f"{name}: without history", plain, "s")
            yield Figure(f"{name}: with / without", middle(times["with"]) / plain, "x", bar)
            if work in (_save, _save_in_one):
                ratio = middle(times["signals"]) / plain
                yield Figure(f"{name}: stock signals / without", ratio, "x")


@contextmanager
def _with() -> Iterator[None]:
    yield


@contextmanager
def _without() -> Iterator[None]:
    _switch("DISABLE")
    yield
    _switch("ENABLE")


@contextmanager
def _signals() -> Iterator[None]:
    """Write history in django-simple-history's own way, on the same tables."""
    ours = TrackedHistory.create_historical_record
    name = "create_historical_record"
    setattr(TrackedHistory, name, HistoricalRecords.create_historical_record)
    with _without():
        yield
    setattr(TrackedHistory, name, ours)


def _switch(how: str) -> None:
    with connections[SHARD].cursor() as cursor:
        for trigger in _TRIGGERS:
            cursor.execute(f"ALTER TABLE patients_patient {how} TRIGGER {trigger}")


def _timed(work: Callable[[], Any]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


def _save() -> float:
    patients = _rows(SAVES)
    Patient.objects.bulk_create(patients)
    seconds = _timed(lambda: _change_all(patients))
    _empty()
    return seconds


def _save_in_one() -> float:
    patients = _rows(SAVES)
    Patient.objects.bulk_create(patients)

    with transaction.atomic(using=SHARD):
        seconds = _timed(lambda: _change_all(patients))
    _empty()
    return seconds


def _change_all(patients: list[Patient]) -> None:
    for row in patients:
        row.medical_history += " Dor ao subir escadas."
        row._change_reason = ""  # type: ignore[attr-defined]  # stock's writer asks for it
        row.save()


def _update() -> float:
    Patient.objects.bulk_create(_rows(ROWS), batch_size=2000)
    seconds = _timed(lambda: Patient.objects.update(email="a@b.example", updated_at=timezone.now()))
    _empty()
    return seconds


def _bulk_create() -> float:
    rows = _rows(ROWS)
    seconds = _timed(lambda: Patient.objects.bulk_create(rows, batch_size=2000))
    _empty()
    return seconds


def _empty() -> None:
    """Empty the table and its history, as TRUNCATE would with a superuser's rights."""
    with connections[SHARD].cursor() as cursor:
        cursor.execute("ALTER TABLE patients_patient DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE patients_historicalpatient DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM patients_patient; TRUNCATE patients_historicalpatient")
        cursor.execute("ALTER TABLE patients_historicalpatient ENABLE TRIGGER USER")
        cursor.execute("ALTER TABLE patients_patient ENABLE TRIGGER USER")

    connections[SHARD].connection.execute("VACUUM patients_patient")


def _rows(count: int) -> list[Patient]:
    return [patient(number) for number in range(count)]
