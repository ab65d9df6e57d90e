"""Every row is sealed once, whichever transactions were open meanwhile."""

import random
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connections, transaction
from django.db.transaction import TransactionManagementError
from django.db.utils import InternalError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.capture.triggers import install
from audit.models import Event, EventKind, Seal, SealedTable
from audit.seals.offline_verifier import row_hash
from audit.seals.sealing import seal_create
from patients.models import Patient
from tenants.context import ClinicRoute, clinic_scope, platform_scope
from tenants.postgresql.owner import as_owner
from tenants.postgresql.snapshot import one_snapshot
from tests.audit.fixture_types import AsApplication
from tests.audit.tampering import (
    HISTORY,
    RESTORED,
    as_superuser,
    problems,
    rows,
    seal,
    sealed,
    verified,
)
from tests.people import FreshClinic, InThreads
from tests.racing import race

WRITERS, WRITES = 3, 60


def change(fresh_clinic: FreshClinic, text: str) -> None:
    with clinic_scope(fresh_clinic.route):
        Patient.objects.update(medical_history=text)


def test_a_seal_covers_what_is_there_and_the_next_what_is_new(fresh_clinic: FreshClinic) -> None:
    route = fresh_clinic.route

    first = seal(route)
    assert first is not None
    assert set(sealed(route)) == rows(route)

    change(fresh_clinic, "Piorou.")
    with clinic_scope(route):
        Event.objects.create(kind=EventKind.PRINTED)
    second = seal(route)

    assert second is not None
    assert (second.number, second.rows) == (first.number + 1, 2)
    with clinic_scope(route):
        assert Seal.objects.get(number=second.number).previous == first.hash
    assert set(sealed(route, "audit_event")) == rows(route, "audit_event", "id")
    assert problems(route) == set()


def test_where_nothing_is_new_no_seal_is_written(fresh_clinic: FreshClinic) -> None:
    seal(fresh_clinic.route)
    with clinic_scope(fresh_clinic.route):
        with connections["shard_1"].execute_wrapper(refuse_writes):
            assert seal_create(alias="shard_1") is None
        assert Seal.objects.count() == 1


def refuse_writes(
    execute: Callable[..., object], sql: str, params: object, many: bool, context: object
) -> object:
    assert "INSERT" not in sql
    return execute(sql, params, many, context)


def test_a_transaction_that_was_open_is_in_the_seal_after_its_end(
    fresh_clinic: FreshClinic, as_application: AsApplication
) -> None:
    slow = as_application()
    slow.autocommit = False
    slow.execute("UPDATE patients_patient SET medical_history = 'Devagar.'")
    assert seal(fresh_clinic.route) is not None

    before = rows(fresh_clinic.route)
    slow.commit()
    late = rows(fresh_clinic.route) - before
    assert len(late) == 1
    assert late.isdisjoint(sealed(fresh_clinic.route))

    after = seal(fresh_clinic.route)
    assert after is not None
    assert after.rows == 1
    assert late <= set(sealed(fresh_clinic.route))
    assert problems(fresh_clinic.route) == set()


def test_nothing_is_missed_or_sealed_twice_while_many_write(fresh_clinic: FreshClinic) -> None:
    """Long transactions, savepoints, rollbacks, and seals in between."""
    route = fresh_clinic.route
    with clinic_scope(route):
        patients = [
            Patient.objects.create(
                name="Pessoa", phone=f"+551198765{n:04}", birth_date="1990-01-01", cpf=cpf
            ).pk
            for n, cpf in enumerate(("39053344705", "15350946056", "86288366757"))
        ]

    def write(number: int) -> Callable[[], None]:
        chance = random.Random(number)  # noqa: S311  no secret

        def work() -> None:
            with clinic_scope(route):
                for count in range(0, WRITES, 5):
                    try:
                        with transaction.atomic(using=route.shard):
                            some_changes(patients[number], count, chance)
                    except ZeroDivisionError:
                        pass  # rolled back

        return work

    def seal_often() -> None:
        with clinic_scope(route):
            for _ in range(40):
                seal_create(alias=route.shard)

    race([*(write(number) for number in range(WRITERS)), seal_often])
    seal(route)

    counts = sealed(route)
    assert set(counts.values()) == {1}
    assert set(counts) == rows(route)
    result = verified(route)
    assert result.findings == ()
    assert result.seals > 2


def some_changes(patient: UUID, count: int, chance: random.Random) -> None:
    """Five changes in a transaction; some in savepoints, some of those rolled back."""
    found = Patient.objects.filter(pk=patient)
    for step in range(5):
        try:
            with transaction.atomic(using="shard_1"):
                found.update(medical_history=f"{count + step}")
                if chance.random() < 0.3:
                    1 / 0  # noqa: B018  the savepoint goes back
        except ZeroDivisionError:
            found.update(medical_history=f"{count + step} outra vez")

    if chance.random() < 0.2:
        1 / 0  # noqa: B018  the whole transaction goes back


def test_of_sealings_at_once_the_first_seals_and_the_others_find_nothing(
    fresh_clinic: FreshClinic, in_threads: InThreads
) -> None:
    made = in_threads(4, lambda: seal(fresh_clinic.route))
    assert sum(one is not None for one in made) == 1
    assert problems(fresh_clinic.route) == set()


def test_after_a_restore_the_rows_in_no_seal_are_sealed(fresh_clinic: FreshClinic) -> None:
    """Restored rows, and the seals, have the transaction id of the restore."""
    route = fresh_clinic.route
    seal(route)
    change(fresh_clinic, "Antes da cópia.")
    with as_superuser(route) as cursor:
        for table in (HISTORY, "accounts_historicaluser", "audit_event", "audit_seal"):
            cursor.execute(f"UPDATE {table} SET xid = pg_current_xact_id()")
        cursor.execute(RESTORED)

    assert problems(route) == set()

    made = seal(route)

    assert made is not None
    assert made.rows == 2
    with clinic_scope(route):
        goes_on = Seal.objects.order_by("number").values_list("goes_on", flat=True)
        assert list(goes_on) == [False, False]

    assert set(sealed(route).values()) == {1}
    assert seal(route) is None
    assert problems(route) == set()


def test_a_column_that_comes_later_changes_no_seal(fresh_clinic: FreshClinic) -> None:
    route = fresh_clinic.route
    seal(route)
    with as_owner("shard_1"), clinic_scope(route), connections["shard_1"].cursor() as cursor:
        for table in ("patients_patient", HISTORY):
            cursor.execute(f"ALTER TABLE {table} ADD nickname text NOT NULL DEFAULT 'Zé'")
        install(cursor)
    assert problems(route) == set()

    change(fresh_clinic, "Com apelido.")
    made = seal(route)

    assert made is not None
    assert made.rows == 1

    with as_superuser(route) as cursor:
        cursor.execute(f"UPDATE {HISTORY} SET nickname = 'Zeca' RETURNING history_id")
        newest = max(row for (row,) in cursor.fetchall())
    changed = [f for f in verified(route).findings if f.problem == "row_changed"]

    assert [finding.row for finding in changed] == [newest]  # the older seal knew no nickname


def test_a_column_that_is_gone_is_named(fresh_clinic: FreshClinic) -> None:
    seal(fresh_clinic.route)
    with as_superuser(fresh_clinic.route) as cursor:
        cursor.execute(f"ALTER TABLE {HISTORY} DROP request_id")
    found = [f for f in verified(fresh_clinic.route).findings if f.problem == "column_missing"]
    assert [(finding.table, finding.detail) for finding in found] == [(HISTORY, "request_id")]


def test_the_directorys_own_trail_is_sealed(fresh_clinic: FreshClinic) -> None:
    with platform_scope():
        seal_create(alias="default")
        assert seal_create(alias="default") is None


def test_a_snapshot_begins_a_transaction_of_its_own(fresh_clinic: FreshClinic) -> None:
    with clinic_scope(fresh_clinic.route), transaction.atomic(using="shard_1"):
        with pytest.raises(TransactionManagementError):
            seal_create(alias="shard_1")


def test_a_snapshot_sees_one_moment_and_leaves_the_connection_as_it_was(
    fresh_clinic: FreshClinic,
) -> None:
    with clinic_scope(fresh_clinic.route):
        with one_snapshot("shard_1", read_only=True) as cursor:
            cursor.execute("SHOW transaction_isolation")
            assert cursor.fetchone() == ("repeatable read",)
            with pytest.raises(InternalError), transaction.atomic(using="shard_1"):
                Patient.objects.update(medical_history="Não pode.")

        Patient.objects.update(medical_history="Pode.")
        with connections["shard_1"].cursor() as cursor:
            cursor.execute("SHOW transaction_isolation")
            assert cursor.fetchone() == ("read committed",)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(
        st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\x00")), min_size=1
    )
)
def test_python_and_postgresql_hash_a_row_alike(
    values: list[str | None], in_norte: ClinicRoute
) -> None:
    with connections["shard_1"].cursor() as cursor:
        cursor.execute(
            "SELECT sha256(convert_to(array_to_json(%s::text[])::text, 'UTF8'))", [values]
        )
        assert bytes(cursor.fetchone()[0]) == row_hash(values)


def test_a_seal_reads_as_its_number_and_hash(in_norte: ClinicRoute) -> None:
    one = Seal(number=3, hash="ab" * 32)
    assert str(one) == f"3 {'ab' * 32}"
    assert str(SealedTable(seal=one, table_name=HISTORY)) == f"3 {HISTORY}"
