"""Restoring a clinic of about 200 MB, compared with pg_restore of the schema's default dump."""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, sleep

from django.core.management import call_command
from django.db import connections

from audit.events.services import event_record
from audit.models import EventKind
from backups.format.keys import make_identity, make_signing_key
from backups.snapshot.snapshot import snapshot_of
from backups.take.full import write_full
from benchmarks.big_clinic import big_clinic
from benchmarks.report import Figure, middle
from core.actor import acting_as_job
from patients.models import Patient
from tenants.context import ClinicRoute, clinic_scope
from tenants.errors import ClinicBeingRestored

SCHEMA, SHARD = "bench_restore", "shard_1"
ROUNDS = 3
_MEASURED = """
import re, sys, time
import django
django.setup()
from django.core.management import call_command
started = time.perf_counter()
call_command(*sys.argv[1:])
seconds = time.perf_counter() - started
# getrusage would begin with the parent's memory.
with open("/proc/self/status") as status:
    print(seconds, int(re.search(r"VmHWM:\\s+(\\d+)", status.read())[1]) / 1024)
"""


def figures() -> Iterator[Figure]:
    """Restore the clinic in place, in a process of its own, while others read and write."""
    call_command("migrate", verbosity=0)
    call_command("migrate_clinics", verbosity=0)

    with tempfile.TemporaryDirectory() as folder:
        _configure(Path(folder))
        from backups.installation import Installation

        route = big_clinic(SCHEMA, SHARD)
        with snapshot_of(route) as snapshot:
            made = write_full(Installation(), route, snapshot)
        dump = Path(folder) / "dump"
        owner = os.environ.get("SHARD_1_OWNER_URL") or os.environ["SHARD_1_URL"]
        subprocess.run(["pg_dump", "-Fc", "-n", SCHEMA, "-f", str(dump), owner], check=True)
        aside, stock, memory, waits = [], [], 0.0, Waits(route)

        for _ in range(ROUNDS):
            stock.append(_stock(dump, owner))
            seconds, used = _measured("drill", SCHEMA)
            aside.append(seconds)
            memory = max(memory, used)

        yield Figure("pg_restore of the default dump (median)", middle(stock), "s")
        yield Figure("built aside and proven (median)", middle(aside), "s")
        yield Figure("built aside and proven / pg_restore", middle(aside) / middle(stock), "x", 1.2)

        backup = str(made.manifest.backup_id)
        seconds, used = _measured("restore", backup, "--clinic", SCHEMA, "--noinput")
        with waits:
            _measured("restore", backup, "--clinic", SCHEMA, "--noinput")

        yield Figure("restored in place, with the trail", seconds, "s")
        yield Figure("restored in place / pg_restore", seconds / middle(stock), "x", 1.2)
        yield Figure("memory of the process", max(memory, used), "MB", 100.0)
        yield Figure("longest wait of a reader", waits.longest["reads"] * 1000, "ms", 200.0)
        yield Figure("longest answer to a writer", waits.longest["writes"] * 1000, "ms", 200.0)
        yield Figure("longest wait for an event", waits.longest["appends"] * 1000, "ms", 200.0)
        yield Figure("errors that aren't 503", waits.errors, "", 0.0)


class Waits:
    """Three clients that use the clinic while the block runs; `longest` has each one's wait."""

    def __init__(self, route: ClinicRoute) -> None:
        self._route, self._ended = route, threading.Event()
        self.longest = {"reads": 0.0, "writes": 0.0, "appends": 0.0}
        self.errors = 0
        self._threads = [
            threading.Thread(target=self._client, args=(name,)) for name in self.longest
        ]

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()
        sleep(1)

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _client(self, name: str) -> None:
        with acting_as_job("benchmark"):
            while not self._ended.is_set():
                started = perf_counter()
                try:
                    with clinic_scope(self._route):
                        _CLIENTS[name]()
                except ClinicBeingRestored:
                    pass
                except Exception:  # noqa: BLE001  counts what a client must never see
                    self.errors += 1

                self.longest[name] = max(self.longest[name], perf_counter() - started)
                sleep(0.01)

        connections.close_all()


_CLIENTS: dict[str, Callable[[], object]] = {
    "reads": lambda: Patient.objects.order_by("id").first(),
    "writes": lambda: Patient.objects.filter(cpf="00000000000").update(name="Ninguém"),
    # Goes on while writes are refused, and waits for the swap.
    "appends": lambda: event_record(kind=EventKind.EXPORTED, table_name="patients_patient"),
}


def _stock(dump: Path, owner: str) -> float:
    """Seconds of pg_restore into another database: it can't restore under another schema's name."""
    admin = owner.replace("://fisioflow@", "://postgres@")
    for command in ("DROP DATABASE IF EXISTS stock", "CREATE DATABASE stock"):
        subprocess.run(["psql", "-qX", admin, "-c", command], check=True, capture_output=True)

    target = admin.replace("/fisioflow?", "/stock?")
    started = perf_counter()
    subprocess.run(["pg_restore", "--no-owner", "--no-acl", "-d", target, str(dump)], check=True)

    return perf_counter() - started


def _measured(*arguments: str) -> tuple[float, float]:
    """The command's seconds, and the peak memory of its process in MB."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *arguments], check=True, capture_output=True, text=True
    )
    seconds, memory = done.stdout.splitlines()[-1].split()
    return float(seconds), float(memory)


def _configure(folder: Path) -> None:
    """Set a store and keys, for this process and those that it starts."""
    from django.conf import settings

    chosen = {
        "BACKUP_STORE_URL": (folder / "store").as_uri(),
        "BACKUP_SIGNING_KEY_FILE": str(folder / "signing.pem"),
        "BACKUP_IDENTITY_FILE": str(folder / "identity.txt"),
        "BACKUP_RECIPIENTS": make_identity(folder / "identity.txt"),
    }
    make_signing_key(folder / "signing.pem")
    os.environ.update(chosen, PYTHONPATH=str(settings.BASE_DIR))

    for name, value in chosen.items():
        setattr(settings, name, [value] if name == "BACKUP_RECIPIENTS" else value)
