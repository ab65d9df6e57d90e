"""A full backup holds what one moment saw, and nothing else."""

from backups.format.manifests import read_manifest
from backups.format.sealing import unseal
from backups.installation import Installation
from backups.snapshot.snapshot import snapshot_of
from backups.stores import Store
from backups.take.full import write_full
from tests.people import FreshClinic


def test_every_table_has_its_rows_except_sign_ins(
    fresh_clinic: FreshClinic, configured: Store
) -> None:
    store, route = configured, fresh_clinic.route
    with snapshot_of(route) as snapshot:
        made = write_full(Installation(store), route, snapshot)
    manifest = read_manifest(
        store, route.clinic_id, made.manifest.backup_id, Installation().trusted
    ).manifest
    script = bytearray()
    unseal(store, manifest.objects[0], Installation().identities, script.extend)

    assert script.startswith(b"BEGIN;\n")
    assert script.endswith(b"COMMIT;\n")

    rows = {table.name: table for table in manifest.tables}
    assert rows["patients_patient"].rows == rows["patients_historicalpatient"].rows == 1
    assert rows["accounts_tokenfamily"].rows == rows["django_session"].rows == 0
    assert "clinic_epoch" not in rows

    patient = script[rows["patients_patient"].first_byte : rows["patients_patient"].end_byte]
    assert b"Paciente Modelo" in patient
    assert manifest.snapshots.start is None
