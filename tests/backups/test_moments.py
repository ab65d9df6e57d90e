"""Every moment since the first full can be restored, with everything committed by then."""

from datetime import datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from pytest_django import Settings

from backups.errors import NotCovered
from backups.format.manifests import BackupKind
from backups.installation import Installation
from backups.restore.chain import chain_to
from backups.runs import covered_until
from backups.stores import Store
from backups.take.making import backup_make
from patients.models import Patient
from tenants.context import clinic_scope
from tenants.models import Clinic
from tests.backups.rebuilding import backed_up, somebody
from tests.people import FreshClinic


def register(clinic: Clinic, number: int) -> datetime:
    """Add a patient; returns a moment after the commit, by the server's clock."""
    with clinic_scope(clinic.route):
        Patient.objects.create(**somebody(number))
        with connections[clinic.route.shard].cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            found: datetime = cursor.fetchone()[0]
    return found


def numbers(clinic: Clinic) -> set[str]:
    with clinic_scope(clinic.route):
        return {patient.name for patient in Patient.objects.all()} - {"Paciente Modelo"}


def restored(clinic: Clinic, at: datetime) -> set[str]:
    schema = clinic.schema_name
    call_command("restore", "latest", "--clinic", schema, "--at", at.isoformat(), "--noinput")
    return numbers(clinic)


def test_changes_since_the_last_backup_are_backed_up_first(clinic: Clinic) -> None:
    backup_make(Installation(), clinic=clinic)
    moment = register(clinic, 1)
    register(clinic, 2)
    assert restored(clinic, moment) == {"Paciente 1"}


def test_a_full_is_preceded_by_the_increment_that_ends_where_it_begins(clinic: Clinic) -> None:
    backup_make(Installation(), clinic=clinic)
    moment = register(clinic, 1)
    register(clinic, 2)
    backup_make(Installation(), clinic=clinic)
    full, closing, again = Installation().catalogue(clinic.id)

    assert [one.manifest.kind for one in (full, closing, again)] == [
        BackupKind.FULL,
        BackupKind.INCREMENT,
        BackupKind.FULL,
    ]
    assert closing.manifest.snapshots.end == again.manifest.snapshots.end
    assert restored(clinic, moment) == {"Paciente 1"}


def test_a_moment_without_changes_is_covered_without_a_backup(
    clinic: Clinic, configured: Store
) -> None:
    backup_make(Installation(), clinic=clinic)
    backup_make(Installation(), clinic=clinic, incremental=True)  # the full's own event
    made = backup_make(Installation(), clinic=clinic, incremental=True)

    assert made.signed is None

    covered = covered_until(clinic.id)
    chain = chain_to(Installation(), clinic.id, "latest", made.covers_until, covered=covered)

    assert len(chain) == 2
    with pytest.raises(NotCovered):  # without its directory an installation can't know
        chain_to(Installation(), clinic.id, "latest", made.covers_until)


def test_a_moment_that_no_backup_reaches_is_refused(clinic: Clinic, settings: Settings) -> None:
    backup_make(Installation(), clinic=clinic)
    moment = register(clinic, 1)
    settings.BACKUP_RECIPIENTS = []  # an installation that restores and makes no backups
    with pytest.raises(CommandError, match="end before that moment"):
        restored(clinic, moment)
    assert numbers(clinic) == {"Paciente 1"}


def test_one_more_increment_is_read_for_commits_that_became_visible_late(
    fresh_clinic: FreshClinic, configured: Store, clinic: Clinic
) -> None:
    route = fresh_clinic.route
    chain = [backed_up(configured, route)]

    for number in range(1, 4):
        register(clinic, number)
        chain.append(backed_up(configured, route, chain[-1]))

    ends = [one.manifest.created_at for one in chain]
    just_before = ends[1] - timedelta(microseconds=1)

    assert len(chain_to(Installation(), clinic.id, "latest", just_before)) == 3
    assert len(chain_to(Installation(), clinic.id, "latest", ends[1])) == 3
    assert len(chain_to(Installation(), clinic.id, "latest", ends[2])) == 4
    assert len(chain_to(Installation(), clinic.id, "latest", ends[3])) == 4
