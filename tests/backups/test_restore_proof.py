"""The proof of the audit trail holds after a restore, after its undoing, and in a copy."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections

from audit.models import Seal
from backups.installation import Installation
from backups.restore import in_place, undo
from backups.restore.chain import chain_to
from backups.restore.in_place import clinic_restore
from backups.restore.swap import swap as swapped
from backups.restore.undo import restore_undo
from backups.stores import Store
from core.actor import acting_as_job
from patients.models import Patient
from tenants.context import ClinicRoute, clinic_scope
from tenants.postgresql.owner import owner_connection
from tests.audit.tampering import as_superuser, forge, problems, rows, seal, sealed, verified
from tests.backups.rebuilding import backed_up, somebody
from tests.people import FreshClinic


def registered(clinic: FreshClinic, number: int) -> None:
    with clinic_scope(clinic.route):
        Patient.objects.create(**somebody(number))


def test_the_seals_go_on_through_a_restore_and_its_undoing(
    fresh_clinic: FreshClinic, configured: Store
) -> None:
    route = fresh_clinic.route
    registered(fresh_clinic, 1)
    seal(route)
    made = backed_up(configured, route)
    registered(fresh_clinic, 2)
    kept_elsewhere: Any = seal(route)
    registered(fresh_clinic, 3)  # not sealed yet when the restore begins
    chain = chain_to(Installation(), route.clinic_id, made.manifest.backup_id)
    with acting_as_job("restore"):
        clinic_restore(Installation(), route=route, chain=chain)

    assert problems(route, kept_elsewhere.hash) == set()

    restored: Any = seal(route)
    registered(fresh_clinic, 4)
    with acting_as_job("undo_restore"):
        restore_undo(route=route, discard=True)

    assert problems(route, restored.hash) == set()

    seal(route)
    assert problems(route, kept_elsewhere.hash) == set()
    assert set(sealed(route).values()) == {1}
    assert set(sealed(route)) == rows(route)
    assert verified(route, restored.hash).seals == 4


@contextmanager
def sealing_during_the_swap(
    route: ClinicRoute, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[Future[Any]]]:
    """Begin to seal once the trail is carried over; the sealing waits until the swap is done."""
    begun: list[Future[Any]] = []

    def sealing() -> Any:
        try:
            with acting_as_job("seal_audit"):
                return seal(route)
        finally:
            connections.close_all()

    def swap(connection: Any, **options: Any) -> Any:
        begun.append(thread.submit(sealing))
        wait_for_a_waiting_lock()
        done = swapped(connection, **options)
        assert not begun[-1].done()
        return done

    with ThreadPoolExecutor(1) as thread, monkeypatch.context() as patch:
        patch.setattr(in_place, "swap", swap)
        patch.setattr(undo, "swap", swap)
        yield begun


def wait_for_a_waiting_lock() -> None:
    with owner_connection("shard_1") as connection:
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        for _ in range(2000):
            row: Any = connection.execute(waiting).fetchone()
            if row[0]:
                return

            time.sleep(0.01)

    raise AssertionError("Nobody waits: the sealing went on while the trail was carried over.")


def test_a_sealing_that_begins_during_a_restore_goes_on_in_what_was_restored(
    fresh_clinic: FreshClinic, configured: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    route = fresh_clinic.route
    first: Any = seal(route)
    made = backed_up(configured, route)
    registered(fresh_clinic, 1)
    chain = chain_to(Installation(), route.clinic_id, made.manifest.backup_id)
    with sealing_during_the_swap(route, monkeypatch) as begun, acting_as_job("restore"):
        clinic_restore(Installation(), route=route, chain=chain)
        second = begun[0].result(timeout=60)

    assert (first.number, second.number) == (1, 2)
    assert problems(route, second.hash) == set()

    registered(fresh_clinic, 2)
    with sealing_during_the_swap(route, monkeypatch) as begun, acting_as_job("undo_restore"):
        restore_undo(route=route, discard=True)
        third = begun[0].result(timeout=60)

    assert third.number == 3
    assert problems(route, second.hash) == set()

    with clinic_scope(route):
        assert not Seal.objects.filter(
            goes_on=True
        ).exists()  # a restore and its undoing came in between

    assert set(sealed(route).values()) == {1}
    assert set(sealed(route)) == rows(route)


def test_a_failed_restore_doesnt_block_sealing(
    fresh_clinic: FreshClinic, configured: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = backed_up(configured, fresh_clinic.route)
    chain = chain_to(Installation(), fresh_clinic.route.clinic_id, made.manifest.backup_id)
    monkeypatch.setattr(in_place, "swap", lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError), acting_as_job("restore"):
        clinic_restore(Installation(), route=fresh_clinic.route, chain=chain)
    assert seal(fresh_clinic.route) is not None
    assert problems(fresh_clinic.route) == set()


def test_a_forgery_after_an_undone_restore_is_found(
    fresh_clinic: FreshClinic, configured: Store
) -> None:
    """The earlier seals are unchanged, and still guard the trail."""
    route = fresh_clinic.route
    seal(route)
    made = backed_up(configured, route)
    chain = chain_to(Installation(), route.clinic_id, made.manifest.backup_id)
    with acting_as_job("restore"):
        clinic_restore(Installation(), route=route, chain=chain)
        restore_undo(route=route)

    assert problems(route) == set()

    with as_superuser(route) as cursor:
        forge(cursor, "pg_current_xact_id()")

    assert problems(route) == {"row_inserted"}
