"""The cost of a backup, compared with pg_dump of the same clinic on the same server.

Each time is the median of rounds that run one right after the other. The backup runs in a process
of its own, which reports the seconds after its start and its peak memory.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management import call_command
from django.db import connections, transaction

from backups.format.keys import make_identity, make_signing_key
from benchmarks.big_clinic import big_clinic
from benchmarks.bucket import bucket_figures
from benchmarks.report import Figure, middle
from core.actor import acting_as_job
from tenants.context import TEMPLATE_SCHEMA, ClinicRoute, clinic_scope, maintenance_scope
from tenants.postgresql.owner import as_owner
from tenants.schemas import build_schema, template_definition

SHARD, SCHEMA = "shard_1", "bench_backup"
ROUNDS, OTHERS, CHANGED = 9, 500, 1_000
_AT_ONCE = 25  # schemas in one transaction: each takes some 200 locks
_BACKUP = r"""
import json, re, sys, time
import django
django.setup()
from backups.installation import Installation
from backups.take.making import backup_make
from core.actor import acting_as_job
from tenants.context import platform_scope
from tenants.models import Clinic
with platform_scope():
    clinic = Clinic.objects.get(schema_name=sys.argv[1])
began = time.perf_counter()
with acting_as_job("benchmark"):
    made = backup_make(Installation(), clinic=clinic, incremental=sys.argv[2] == "increment")
seconds = time.perf_counter() - began
# getrusage would begin with the parent's memory.
with open("/proc/self/status") as status:
    size = int(re.search(r"VmHWM:\s+(\d+)", status.read())[1]) / 1024
print(json.dumps([made.kind, seconds, size]))
"""


def figures() -> Iterator[Figure]:
    """Back up a big clinic, first alone on its shard, then among 500 others."""
    call_command("migrate", verbosity=0)
    call_command("migrate_clinics", verbosity=0)
    route = big_clinic(SCHEMA, SHARD)
    yield Figure("the clinic's size", _size(route), "MB")

    with tempfile.TemporaryDirectory() as folder:
        environ = _environ(Path(folder))
        alone, memory = yield from _full(environ, "", 0.8)
        yield Figure("memory of a full backup", memory, "MB", 100)
        times = []

        for number in range(ROUNDS):
            _change(route, number)
            kind, seconds, memory = _backup(environ, "increment")
            assert kind == "increment"
            times.append(seconds)

        yield Figure("an increment of 1,000 changed rows", middle(times), "s", 1)
        yield Figure("memory of an increment", memory, "MB", 100)
        _, seconds, _ = _backup(environ, "increment")
        yield Figure("an increment of nothing", seconds, "s")

        yield from bucket_figures(environ, SCHEMA)
        _make_others()
        crowded, _ = yield from _full(environ, f", {OTHERS} other clinics", None)
        yield Figure("full: with the others / without", crowded / alone, "x", 1.1)


def _full(
    environ: dict[str, str], where: str, bar: float | None
) -> Generator[Figure, None, tuple[float, float]]:
    ours, theirs, memory = [], [], 0.0
    for number in range(ROUNDS):
        if number % 2:
            theirs.append(_pg_dump(environ))

        kind, seconds, size = _backup(environ, "full")
        assert kind == "full"
        ours.append(seconds)
        memory = max(memory, size)
        if not number % 2:
            theirs.append(_pg_dump(environ))

    yield Figure(f"full{where}", middle(ours), "s")
    yield Figure(f"pg_dump -Fc -n{where}", middle(theirs), "s")
    yield Figure(f"full / pg_dump{where}", middle(ours) / middle(theirs), "x", bar)
    return middle(ours), memory


def _environ(folder: Path) -> dict[str, str]:
    """This process's environment, with a store and keys of its own."""
    make_signing_key(folder / "signing.pem")

    return dict(os.environ) | {
        "DJANGO_SETTINGS_MODULE": "fisioflow.settings_backups",  # as manage.py chooses
        "BACKUP_IDENTITY_FILE": str(folder / "identity.txt"),
        "BACKUP_STORE_URL": (folder / "store").as_uri(),
        "BACKUP_RECIPIENTS": make_identity(folder / "identity.txt"),
        "BACKUP_SIGNING_KEY_FILE": str(folder / "signing.pem"),
        "DUMP": str(folder / "dump"),
    }


def _backup(environ: dict[str, str], what: str) -> tuple[str, float, float]:
    """The backup's kind, its seconds, and the peak memory of its process in MB."""
    done = subprocess.run(
        [sys.executable, "-c", _BACKUP, SCHEMA, what], env=environ, check=True, capture_output=True
    )
    kind, seconds, size = json.loads(done.stdout)
    return kind, seconds, size


def _pg_dump(environ: dict[str, str]) -> float:
    dump = Path(environ["DUMP"])
    began = perf_counter()
    subprocess.run(
        ["pg_dump", "-Fc", "-n", SCHEMA, "-f", str(dump), environ["SHARD_1_OWNER_URL"]],
        env=environ,
        check=True,
    )
    seconds = perf_counter() - began
    dump.unlink()

    return seconds


def _change(route: ClinicRoute, number: int) -> None:
    with acting_as_job("benchmark"), clinic_scope(route):
        with connections[SHARD].cursor() as cursor:
            cursor.execute(
                "UPDATE patients_patient SET medical_history = medical_history || %s WHERE id IN"
                " (SELECT id FROM patients_patient ORDER BY id OFFSET %s LIMIT %s)",
                [f" Volta {number}.", number * CHANGED, CHANGED],
            )


def _make_others() -> None:
    """Create other clinics' schemas on the shard; the directory needn't know them."""
    with as_owner(SHARD), maintenance_scope(TEMPLATE_SCHEMA):
        for first in range(0, OTHERS, _AT_ONCE):
            with transaction.atomic(using=SHARD), connections[SHARD].cursor() as cursor:
                definition, head = template_definition(cursor)
                for number in range(first, first + _AT_ONCE):
                    build_schema(cursor, f"other_{number}", definition, head)
                    cursor.execute(f"SET LOCAL search_path = {TEMPLATE_SCHEMA}, pg_temp")


def _size(route: ClinicRoute) -> float:
    """The size of the rows in MB, without indexes."""
    with clinic_scope(route), connections[SHARD].cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_table_size(oid)) FROM pg_class"
            " WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"
        )
        row: Any = cursor.fetchone()

    return float(row[0]) / 1_000_000
