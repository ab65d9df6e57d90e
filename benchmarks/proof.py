"""The cost of proving a trail: 100,000 live rows with 500,000 versions."""

from collections.abc import Iterator
from time import perf_counter

from django.core.management import call_command
from django.db import connections
from django.db.models import F, Value
from django.db.models.functions import Concat

from audit.seals.sealing import seal_create
from audit.seals.verification import verify
from benchmarks.report import Figure, middle
from benchmarks.sample import patient
from core.actor import acting_as_job
from patients.models import Patient
from tenants.context import clinic_scope, platform_scope
from tenants.services import clinic_create

SHARD = "shard_1"
LIVE, VERSIONS, ROUNDS = 100_000, 5, 5


def figures() -> Iterator[Figure]:
    """Fill a clinic, seal it, verify it."""
    call_command("migrate", verbosity=0)
    call_command("migrate_clinics", verbosity=0)

    with platform_scope(), acting_as_job("benchmark"):
        clinic = clinic_create(
            acting_user=None,
            schema_name="bench_proof",
            name="B",
            domain="bench-proof.localhost",
            shard=SHARD,
        )

    with acting_as_job("benchmark"), clinic_scope(clinic.route):
        _fill()
        started = perf_counter()
        made = seal_create(alias=SHARD)
        yield Figure("seal of 500,000 versions, all new", perf_counter() - started, "s")

        assert made is not None
        assert made.rows == LIVE * VERSIONS

        yield Figure("seal where nothing is new", _nothing_new(), "s")
        with connections[SHARD].cursor() as cursor:
            cursor.execute("SELECT pg_total_relation_size('audit_sealedtable')::float8")
            yield Figure(
                "size of the seal, for a version", cursor.fetchone()[0] / made.rows, "bytes"
            )

        times = []
        for _ in range(ROUNDS):
            started = perf_counter()
            assert verify(alias=SHARD).findings == ()
            times.append(perf_counter() - started)

        yield Figure("verify_audit, 100,000 live rows, 500,000 versions", middle(times), "s", 10)


def _nothing_new() -> float:
    started = perf_counter()
    assert seal_create(alias=SHARD) is None
    return perf_counter() - started


def _fill() -> None:
    for start in range(0, LIVE, 5_000):
        Patient.objects.bulk_create(patient(number) for number in range(start, start + 5_000))

    for version in range(1, VERSIONS):
        text = Value(f" Sessão {version}.")
        Patient.objects.update(medical_history=Concat(F("medical_history"), text))
