"""Creating a clinic, and migrating 500 clinics with nothing to do, against stock django-tenants.

Stock runs django-tenants' own commands in another database of the same server, with only four of
Django's apps (a third of our tables): `benchmarks.stock`.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from time import perf_counter

from django.core.management import call_command
from django.db import connections

from benchmarks.report import Figure, middle
from tenants.context import platform_scope
from tenants.postgresql.owner import as_owner
from tenants.services import clinic_create

CLINICS = 500
STOCK_CLINICS = 12


def figures() -> Iterator[Figure]:
    """Create the fleet, then measure both ways."""
    call_command("migrate", verbosity=0)
    call_command("migrate_clinics", verbosity=0)

    created = [_create(number) for number in range(CLINICS)]
    yield Figure("create_clinic, full schema (median of 500)", middle(created), "s", 0.5)

    noop = middle([_process("migrate_clinics", "--shard", "shard_1") for _ in range(3)])
    yield Figure("migrate_clinics, 500 schemas, nothing to do (process)", noop, "s", 3.0)

    stock = _stock()
    yield Figure("stock create_schema, a third of the tables (median)", stock["create"], "s")
    yield Figure("stock migrate_schemas, nothing to do, per schema", stock["noop"], "s")
    yield Figure(
        "no-op migration of 500 schemas: ours / stock", noop / (stock["noop"] * CLINICS), "x", 0.1
    )


def _create(number: int) -> float:
    started = perf_counter()
    with platform_scope():
        clinic_create(
            acting_user=None,
            schema_name=f"bench_{number}",
            name=f"Bench {number}",
            domain=f"bench-{number}.localhost",
            shard="shard_1",
        )

    return perf_counter() - started


def _process(*arguments: str) -> float:
    started = perf_counter()
    subprocess.run([sys.executable, "manage.py", *arguments], check=True, capture_output=True)
    return perf_counter() - started


def _stock() -> dict[str, float]:
    """Seconds for each created schema, and for each schema of a migration with nothing to do."""
    with as_owner("default"), connections["default"].cursor() as cursor:
        cursor.execute("CREATE DATABASE stock")

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.stock", str(STOCK_CLINICS)],
        check=True,
        stdout=subprocess.PIPE,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "benchmarks.stock_settings"},
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])

    return figures
