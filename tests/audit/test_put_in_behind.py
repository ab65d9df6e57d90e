"""A superuser inserts a version behind the seals, in whatever way: the proof names it."""

import pytest

from audit.models import Seal
from audit.seals.chain import Chain
from audit.seals.offline_verifier import seal_hash
from patients.models import Patient
from tenants.context import clinic_scope
from tests.audit.fixture_types import AsApplication
from tests.audit.tampering import (
    HISTORY,
    RESTORED,
    as_superuser,
    forge,
    problems,
    seal,
    verified,
)
from tests.people import FreshClinic

NOW = "pg_current_xact_id()"
LAST_SEALS = "(SELECT xid FROM audit_seal ORDER BY number DESC LIMIT 1)"
NEW_IDS = "UPDATE audit_seal SET xid = pg_current_xact_id()"


def change(clinic: FreshClinic, text: str) -> None:
    with clinic_scope(clinic.route):
        Patient.objects.update(medical_history=text)


def found(clinic: FreshClinic) -> set[tuple[str, int | None, int | None]]:
    return {(f.problem, f.row, f.seal) for f in verified(clinic.route).findings}


def test_a_version_with_the_last_seals_own_transaction_is_named(chart: FreshClinic) -> None:
    with as_superuser(chart.route) as cursor:
        forge(cursor, LAST_SEALS)

    assert found(chart) == {("row_inserted", 0, None)}
    change(chart, "Depois.")
    seal(chart.route)
    assert found(chart) == {("row_inserted", 0, 3)}


@pytest.mark.parametrize("change_between", [True, False])
def test_a_version_of_a_transaction_held_open_over_a_seal_is_named(
    change_between: bool, chart: FreshClinic
) -> None:
    """Its transaction id is honest, but its date is older than the seal before it."""
    with as_superuser(chart.route) as cursor:
        cursor.execute(f"SELECT {NOW}")
        if change_between:
            change(chart, "Enquanto isso.")
        seal(chart.route)
        forge(cursor, NOW)
    seals = 3 if change_between else 2

    assert found(chart) == {("row_inserted", 0, None)}

    change(chart, "Depois.")
    seal(chart.route)
    change(chart, "Ainda depois.")
    seal(chart.route)

    assert found(chart) == {("row_inserted", 0, seals + 1)}


def test_a_long_transaction_may_begin_before_many_seals(
    chart: FreshClinic, as_application: AsApplication
) -> None:
    """An honest one: what it wrote between seals has dates between them."""
    slow = as_application()
    slow.autocommit = False
    slow.execute("SELECT pg_current_xact_id()")
    with clinic_scope(chart.route):
        other = Patient.objects.create(
            name="Outra", phone="+5511987650000", birth_date="1990-01-01", cpf="39053344705"
        )
    seal(chart.route)

    slow.execute("UPDATE patients_patient SET medical_history = '1' WHERE id = %s", [other.pk])
    slow.execute(
        "INSERT INTO audit_event (kind, table_name, record_id, details)"
        " VALUES ('printed', '', '', '{}')"
    )
    with clinic_scope(chart.route):
        Patient.objects.filter(pk=chart.people.record.pk).update(medical_history="Enquanto isso.")
    seal(chart.route)
    slow.execute("UPDATE patients_patient SET medical_history = '2' WHERE id = %s", [other.pk])
    assert problems(chart.route) == set()

    slow.commit()
    assert problems(chart.route) == set()

    seal(chart.route)
    assert problems(chart.route) == set()


def test_seals_that_look_restored_are_named_for_ever(chart: FreshClinic) -> None:
    """No hash covers a seal's own transaction id, but the next seal says that it changed."""
    with as_superuser(chart.route) as cursor:
        cursor.execute(NEW_IDS)
        forge(cursor, NOW)

    assert found(chart) == {("restore_unrecorded", None, None)}

    change(chart, "Depois.")
    seal(chart.route)

    assert found(chart) == {("restore_unrecorded", None, 3)}

    with as_superuser(chart.route) as cursor:  # a restore that comes later explains nothing
        cursor.execute(RESTORED)
    seal(chart.route)

    assert found(chart) == {("restore_unrecorded", None, 3)}


def test_a_single_seal_that_looks_restored_is_named(chart: FreshClinic) -> None:
    with as_superuser(chart.route) as cursor:
        forge(cursor, NOW)
    change(chart, "Depois.")
    seal(chart.route)
    with as_superuser(chart.route) as cursor:
        cursor.execute(f"{NEW_IDS} WHERE number = 2")
    assert ("seal_changed", None, 2) in found(chart)


def test_after_a_restore_nothing_is_named_and_the_next_seal_guards_again(
    chart: FreshClinic,
) -> None:
    with as_superuser(chart.route) as cursor:
        for table in (HISTORY, "accounts_historicaluser", "audit_event", "audit_seal"):
            cursor.execute(f"UPDATE {table} SET xid = {NOW}")
        cursor.execute(RESTORED)

    assert problems(chart.route) == set()

    seal(chart.route)
    assert problems(chart.route) == set()

    with as_superuser(chart.route) as cursor:
        forge(cursor, NOW)
    assert found(chart) == {("row_inserted", 0, None)}


def test_a_move_to_another_server_explains_itself(chart: FreshClinic) -> None:
    """Seals name the server that made them: here one that this test makes up."""
    with clinic_scope(chart.route):
        goes_on = list(Seal.objects.order_by("number").values_list("goes_on", flat=True))

    assert goes_on == [False, True]

    from_elsewhere(chart)
    assert problems(chart.route) == set()

    change(chart, "Depois da mudança.")
    seal(chart.route)

    assert problems(chart.route) == set()
    with clinic_scope(chart.route):
        assert Seal.objects.get(number=3).goes_on is False


def from_elsewhere(chart: FreshClinic) -> None:
    """Rewrite the clinic's chain as if another server had sealed it."""
    with clinic_scope(chart.route):
        seals = list(Chain().seals_of(chart.route.shard))

    head = ""
    with as_superuser(chart.route) as cursor:
        for one in seals:
            one |= {"server": f"1{one['server']}", "previous": head}
            head = seal_hash(one)
            cursor.execute(
                "UPDATE audit_seal SET server = %s, previous = %s, hash = %s WHERE number = %s",
                [one["server"], one["previous"], head, one["number"]],
            )


def test_a_version_in_a_made_up_seal_is_named(chart: FreshClinic) -> None:
    with as_superuser(chart.route) as cursor:
        forge(cursor, NOW)
        cursor.execute(
            "INSERT INTO audit_sealedtable"
            " (seal_id, table_name, columns, row_ids, record_ids, hashes, row_count, root)"
            " SELECT 5000000, table_name, columns, '{0}', ARRAY[record_ids[1]], ARRAY[hashes[1]],"
            f" 1, root FROM audit_sealedtable WHERE table_name = '{HISTORY}' LIMIT 1"
        )

    assert found(chart) >= {("seal_changed", None, 5000000), ("row_inserted", 0, None)}

    change(chart, "Depois.")
    seal(chart.route)

    assert found(chart) >= {("seal_changed", None, 5000000), ("row_inserted", 0, 3)}
