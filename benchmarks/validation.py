"""A thousand patients validated in one request, and ten thousand imported from a file."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management import call_command
from rest_framework.test import APIClient

from accounts.models import Role
from accounts.services import user_create
from accounts.sessions import token_issue
from benchmarks.report import Figure, middle
from benchmarks.sample import cpf
from core.actor import acting_as_job
from tenants.context import ClinicRoute, clinic_scope, platform_scope
from tenants.services import clinic_create

ITEMS, LINES = 1_000, 10_000


def figures() -> Iterator[Figure]:
    """Validate by the API, then import a file, into one clinic."""
    call_command("migrate", verbosity=0)
    call_command("migrate_clinics", verbosity=0)

    client, therapist = _clinic()
    body = [_patient(n) | {"therapist": therapist} for n in range(ITEMS)]
    yield Figure(
        "1,000 patients validated in one request (median of 5)",
        middle([_validate(client, body) for _ in range(5)]),
        "s",
        1.0,
    )

    yield Figure("import_patients, 10,000 lines", _import(), "s", 30.0)


def _clinic() -> tuple[APIClient, str]:
    made: list[Any] = []

    def populate(_: ClinicRoute) -> None:
        owner = user_create(
            acting_user=None, email="dona@b.example", full_name="Dona", role=Role.OWNER
        )

        therapist = user_create(
            acting_user=None,
            email="fisio@b.example",
            full_name="Fisio",
            role=Role.THERAPIST,
            crefito="3/1-F",
        )

        made.extend([token_issue(user=owner).access, str(therapist.pk)])

    with platform_scope(), acting_as_job("benchmark"):
        clinic = clinic_create(
            acting_user=None,
            schema_name="bench_validation",
            name="Bench",
            domain="bench-validation.localhost",
            shard="shard_2",
            populate=populate,
        )

    with clinic_scope(clinic.route):
        access, therapist = made
    client = APIClient(SERVER_NAME="bench-validation.localhost")
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    return client, therapist


def _validate(client: APIClient, body: list[dict[str, Any]]) -> float:
    started = perf_counter()
    answer = client.post("/api/v1/patients/validate", body, format="json")
    seconds = perf_counter() - started
    assert answer.json()["valid_count"] == ITEMS
    return seconds


def _import() -> float:
    header = "name,phone,cpf,birth_date\n"
    lines = (
        f"{p['name']},{p['phone']},{p['cpf']},{p['birth_date']}\n"
        for p in (_patient(n) for n in range(ITEMS, ITEMS + LINES))
    )

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "patients.csv"
        file.write_text(header + "".join(lines), encoding="utf-8")
        started = perf_counter()
        call_command("import_patients", "bench_validation", str(file), verbosity=0)
        return perf_counter() - started


def _patient(number: int) -> dict[str, Any]:
    return {
        "name": f"Pessoa {number}",
        "phone": "+5511988887777",
        "cpf": cpf(number),
        "birth_date": "1990-01-31",
    }
