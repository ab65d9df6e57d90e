"""The owner seals. The application adds no seal, and nobody rewrites one."""

from io import StringIO

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.utils import IntegrityError

from patients.models import Patient
from tenants.context import clinic_scope
from tenants.errors import OwnerLoginMissing
from tenants.postgresql.owner import as_owner
from tests.audit.fixture_types import AsApplication
from tests.audit.tampering import as_superuser, problems, rows, seal, sealed
from tests.people import FreshClinic


@pytest.mark.parametrize("table", ["audit_seal", "audit_sealedtable"])
@pytest.mark.parametrize(
    "change", ["UPDATE {} SET {} = 1", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_nobody_rewrites_a_seal(
    table: str,
    change: str,
    fresh_clinic: FreshClinic,
    as_application: AsApplication,
) -> None:
    seal(fresh_clinic.route)
    column = {"audit_seal": "number", "audit_sealedtable": "row_count"}[table]
    statement = change.format(table, column)

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_application().execute(statement)

    with as_owner("shard_1"), clinic_scope(fresh_clinic.route):
        with connections["shard_1"].cursor() as cursor, pytest.raises(IntegrityError):
            cursor.execute(statement)


FORGED_SEAL = (
    "INSERT INTO audit_seal (number, sealed_at, snapshot, server, goes_on, previous, hash)"
    " SELECT number + 1, now(), '9999999:9999999:', server, true, hash, %s FROM audit_seal"
)


def test_a_seal_that_somebody_makes_up_is_found(fresh_clinic: FreshClinic) -> None:
    """It could hide new rows from the next seals, but not from the proof."""
    assert seal(fresh_clinic.route) is not None

    with as_superuser(fresh_clinic.route) as cursor:
        cursor.execute(FORGED_SEAL, ["0" * 64])
    assert "seal_changed" in problems(fresh_clinic.route)

    with clinic_scope(fresh_clinic.route):
        Patient.objects.update(medical_history="Depois da falsificação.")
    assert seal(fresh_clinic.route) is not None
    assert set(sealed(fresh_clinic.route)) == rows(fresh_clinic.route)


SEALED_ROW = (
    "INSERT INTO audit_sealedtable"
    " (seal_id, table_name, columns, row_ids, record_ids, hashes, row_count, root)"
    " VALUES (1, 'x', '{x}', '{0}', '{NULL}', ARRAY[sha256('x')], 1, %s::bytea)"
)


@pytest.mark.parametrize("statement", [FORGED_SEAL, SEALED_ROW])
def test_the_application_seals_nothing_itself(
    statement: str, fresh_clinic: FreshClinic, as_application: AsApplication
) -> None:
    """With one seal of the highest possible number, nobody could seal any more."""
    seal(fresh_clinic.route)

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_application().execute(statement, ["0" * 64])

    assert problems(fresh_clinic.route) == set()


def test_a_process_without_the_owners_login_seals_nothing_and_names_the_one_it_needs(
    fresh_clinic: FreshClinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = connections["shard_1"].settings_dict
    with monkeypatch.context() as without:
        without.setitem(server, "OWNER", None)
        without.setitem(server, "USER", settings.APP_ROLE)

        with pytest.raises(OwnerLoginMissing, match="SHARD_1_OWNER_URL"):
            seal(fresh_clinic.route)

        said = StringIO()
        with pytest.raises(CommandError):
            call_command("seal_audit", fresh_clinic.route.schema, stderr=said)

    assert "SHARD_1_OWNER_URL" in said.getvalue()
