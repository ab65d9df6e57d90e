"""The proof of the audit trail holds through a restore, through its undoing, and in a copy."""

from typing import Any

from backups.restore import chain_to, clinic_restore, restore_undo
from backups.stores import Store
from fisioflow.actor import acting_as_job
from patients.models import Patient
from tenants.context import clinic_scope
from tests.audit.tampering import problems, rows, seal, sealed, verified
from tests.backups.rebuilding import backed_up, somebody
from tests.conftest import FreshClinic


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
    registered(fresh_clinic, 3)  # in no seal when the restore begins
    chain = chain_to(configured, route.clinic_id, made.manifest.backup_id)
    with acting_as_job("restore"):
        clinic_restore(store=configured, route=route, chain=chain)
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
