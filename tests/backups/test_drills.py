"""A drill proves the newest full, or reports that it can't be restored."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from backups.errors import NewestRefused
from backups.installation import Installation
from backups.restore.drills import RETRY_AFTER, clinics_to_drill, drill_run
from backups.stores import Store
from backups.take.making import backup_make
from core.actor import acting_as_job
from tenants.context import platform_scope
from tenants.models import Clinic
from tests.people import FreshClinic


def test_an_older_chain_proves_nothing_of_a_newer_full(
    fresh_clinic: FreshClinic, configured: Store, settings: Settings
) -> None:
    with platform_scope():
        clinic = Clinic.objects.get(id=fresh_clinic.route.clinic_id)
    backup_make(Installation(), clinic=clinic)
    newest = backup_make(Installation(), clinic=clinic).signed
    assert newest is not None
    path = Path(settings.BACKUP_STORE_URL.removeprefix("file://")) / newest.manifest.key
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"shard_1", b"shard_2"))

    with acting_as_job("drill"), pytest.raises(NewestRefused):
        drill_run(Installation(), clinic=clinic)

    with platform_scope():
        later = timezone.now() + RETRY_AFTER + timedelta(seconds=1)
        assert clinic in clinics_to_drill(later)

    backup_make(Installation(), clinic=clinic)
    with acting_as_job("drill"):
        drill_run(Installation(), clinic=clinic)
    with platform_scope():
        assert clinic not in clinics_to_drill(later)
