"""A chain compared with pg_dump while others write: nothing is lost and nothing is doubled."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random
from uuid import UUID

import psycopg
import pytest
from django.db import connections, transaction

from backups.errors import Altered, CutShort, WrongKey
from backups.installation import Installation
from backups.restore.replay import apply_increment, read_increment
from backups.stores import Store
from core.actor import acting_as_job
from devstack.stack import Stack
from patients.models import Patient
from tenants.context import ClinicRoute, clinic_scope
from tests.backups.conftest import Keyring
from tests.backups.rebuilding import (
    backed_up,
    backed_up_and_dumped,
    differences,
    dumped,
    rebuilt,
    somebody,
)
from tests.people import FreshClinic

WRITERS, TURNS, INCREMENTS = 4, 60, 3


class Undone(Exception):
    pass


class Writers:
    """Threads that write with savepoints, rollbacks, bulk statements and deletions."""

    def __init__(self, route: ClinicRoute, shared: UUID) -> None:
        self.route, self.shared = route, shared
        self.transactions = threading.Semaphore(0)

    def write(self, number: int) -> None:
        chance = Random(number)  # noqa: S311
        with clinic_scope(self.route), acting_as_job("tests"):
            for turn in range(TURNS):
                with suppress(Undone), transaction.atomic(using=self.route.shard):
                    self._turn(number, turn, chance)
                self.transactions.release()
        connections.close_all()

    def _turn(self, number: int, turn: int, chance: Random) -> None:
        first = 1_000 + (number * TURNS + turn) * 10
        made = Patient.objects.bulk_create([Patient(**somebody(first + i)) for i in range(3)])

        with suppress(Undone), transaction.atomic(using=self.route.shard):
            Patient.objects.create(**somebody(first + 3))
            Patient.objects.filter(id=made[0].id).update(name="Duas Vezes")
            if chance.random() < 0.5:
                raise Undone

        Patient.objects.filter(id__in=[m.id for m in made]).update(medical_history=f"Volta {turn}")
        Patient.objects.filter(id=self.shared).update(name=f"Paciente {number} {turn}")
        if chance.random() < 0.4:
            made[1].delete()
        if chance.random() < 0.25:
            raise Undone

    def span(self, opened: threading.Event, go_on: threading.Event) -> None:
        """A transaction that is open while increments are made."""
        with clinic_scope(self.route), acting_as_job("tests"):
            with transaction.atomic(using=self.route.shard):
                Patient.objects.create(**somebody(900_001))
                opened.set()

                assert go_on.wait(60)

                with transaction.atomic(using=self.route.shard):
                    Patient.objects.create(**somebody(900_002))

        connections.close_all()


def test_every_backup_of_a_busy_clinic_is_what_pg_dump_saw(
    fresh_clinic: FreshClinic, configured: Store, stack: Stack
) -> None:
    route = fresh_clinic.route
    writers = Writers(route, fresh_clinic.people.record.id)
    opened, go_on = threading.Event(), threading.Event()

    with ThreadPoolExecutor(WRITERS + 1) as pool:
        spanning = pool.submit(writers.span, opened, go_on)

        assert opened.wait(60)

        full, rows = backed_up_and_dumped(stack, configured, route)
        working = [pool.submit(writers.write, number) for number in range(WRITERS)]
        chain, oracle = [full], [rows]

        for number in range(INCREMENTS):
            for _ in range(WRITERS * TURNS // (INCREMENTS + 1)):
                assert writers.transactions.acquire(timeout=60)
            if number == INCREMENTS // 2:
                go_on.set()
                spanning.result()
            made, rows = backed_up_and_dumped(stack, configured, route, chain[-1])
            chain.append(made)
            oracle.append(rows)

        for done in working:
            done.result()

    made, rows = backed_up_and_dumped(stack, configured, route, chain[-1])
    chain.append(made)
    oracle.append(rows)

    assert len({signed.manifest.backup_id for signed in chain}) == INCREMENTS + 2

    for end in range(1, len(chain) + 1):
        with rebuilt(stack, configured, chain[:end]) as (schema, _):
            assert differences(dumped(stack, schema), oracle[end - 1]) == {}


def damaged(store: Store, key: str, content: bytes) -> None:
    store.delete(key)
    store.create(key, content)


@pytest.mark.parametrize("fault", ["cut", "flipped", "wrong key"])
def test_a_damaged_increment_loads_nothing(
    fresh_clinic: FreshClinic,
    configured: Store,
    stack: Stack,
    strangers: Keyring,
    fault: str,
) -> None:
    full = backed_up(configured, fresh_clinic.route)
    with clinic_scope(fresh_clinic.route):
        Patient.objects.update(name="Outro Nome")
    made = backed_up(configured, fresh_clinic.route, full)
    key = made.manifest.objects[0].key
    with configured.reading(key) as reader:
        content = bytearray(reader.read(1_000_000))
    keys = Installation().identities
    expected = {"cut": CutShort, "flipped": Altered, "wrong key": WrongKey}[fault]
    if fault == "cut":
        damaged(configured, key, bytes(content[:-20]))
    elif fault == "flipped":
        content[len(content) // 2] ^= 1
        damaged(configured, key, bytes(content))
    else:
        keys = strangers.identities

    with psycopg.connect(stack.addresses()["SHARD_1_OWNER_URL"]) as connection:
        connection.execute(f'SET search_path = "{fresh_clinic.route.schema}", pg_temp')

        with pytest.raises(expected):
            read_increment(connection, configured, made.manifest, keys)

        applied = apply_increment(connection)
        assert (applied.changes, applied.reached) == (0, None)

        connection.rollback()
