"""What a connection remembers, and when it must forget."""

import json
import pickle
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test.utils import CaptureQueriesContext

from core.actor import Actor, acting
from patients.models import Patient
from tenants.context import ClinicRoute, clinic_scope
from tenants.postgresql.base import DatabaseWrapper
from tenants.router import stamp_of
from tests.people import FreshClinic


def setting(connection: BaseDatabaseWrapper, name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", [name])
        return str(cursor.fetchone()[0])


def entries(queries: CaptureQueriesContext) -> int:
    return sum("clinic_epoch" in query["sql"] for query in queries)


@pytest.fixture
def connection(fresh_clinic: FreshClinic) -> Iterator[BaseDatabaseWrapper]:
    """shard_1's, outside of any transaction."""
    yield connections["shard_1"]
    connections["shard_1"].close()


def test_many_statements_of_one_activation_enter_the_clinic_once(
    connection: BaseDatabaseWrapper, norte: ClinicRoute
) -> None:
    with CaptureQueriesContext(connection) as queries:
        with clinic_scope(norte):
            for _ in range(3):
                Patient.objects.count()
    assert entries(queries) == 1


def test_every_activation_and_every_transaction_verifies_the_route_again(
    connection: BaseDatabaseWrapper, norte: ClinicRoute
) -> None:
    with CaptureQueriesContext(connection) as queries:
        for _ in range(2):
            with clinic_scope(norte):
                Patient.objects.count()
                with transaction.atomic(using="shard_1"):
                    Patient.objects.count()

    assert entries(queries) == 4


def test_rollback_close_and_savepoint_rollback_are_forgotten(
    connection: BaseDatabaseWrapper, norte: ClinicRoute
) -> None:
    with clinic_scope(norte), CaptureQueriesContext(connection) as queries:
        with transaction.atomic(using="shard_1"):
            Patient.objects.count()
            transaction.set_rollback(True, using="shard_1")
        Patient.objects.count()
        with transaction.atomic(using="shard_1"):
            with transaction.atomic(using="shard_1"):
                Patient.objects.count()
                transaction.set_rollback(True, using="shard_1")
            Patient.objects.count()
        connection.close()

        assert Patient.objects.count() == 1

    assert entries(queries) == 5


def test_the_actor_travels_with_the_statement_that_enters_the_clinic(
    connection: BaseDatabaseWrapper, norte: ClinicRoute
) -> None:
    with clinic_scope(norte), CaptureQueriesContext(connection) as queries:
        with acting(Actor(label="Ana", request_id="r1", ip_address="10.0.0.1")):
            Patient.objects.count()
            sent = json.loads(setting(connection, "fisioflow.actor"))

    assert sent == {"label": "Ana", "request_id": "r1", "ip_address": "10.0.0.1"}
    assert len(queries) == 3  # entered, counted, asked

    with clinic_scope(norte):
        assert json.loads(setting(connection, "fisioflow.actor")) == {"label": "job:tests"}


def test_a_server_side_cursor_reads_the_clinic(
    connection: BaseDatabaseWrapper, norte: ClinicRoute, sul: ClinicRoute
) -> None:
    with clinic_scope(norte):
        names = list(Patient.objects.values_list("therapist__email", flat=True).iterator())
    with clinic_scope(sul):
        others = list(Patient.objects.values_list("therapist__email", flat=True).iterator())
    connections["shard_2"].close()

    assert (names, others) == (["therapist@norte.example"], ["therapist@sul.example"])


def test_a_connection_out_of_a_pool_has_forgotten_the_clinic_before(
    fresh_clinic: FreshClinic, norte: ClinicRoute
) -> None:
    settings: dict[str, Any] = dict(connections["shard_1"].settings_dict)
    settings["CONN_MAX_AGE"] = 0
    settings["OPTIONS"] = settings["OPTIONS"] | {"pool": {"min_size": 0, "max_size": 1}}
    pooled = DatabaseWrapper(settings, "shard_1")
    try:
        pids = set()
        for route in (norte, fresh_clinic.route, norte):
            with clinic_scope(route), pooled.cursor() as cursor:
                cursor.execute("SELECT current_schema(), pg_backend_pid()")
                schema, pid = cursor.fetchone()

                assert schema == route.schema

                pids.add(pid)
            pooled.close()  # back into the pool

        assert len(pids) == 1
    finally:
        pooled.close_pool()


def test_an_instance_knows_its_clinic_through_a_pickle(in_norte: ClinicRoute) -> None:
    patient = pickle.loads(pickle.dumps(Patient.objects.get()))  # noqa: S301  our own bytes
    assert UUID(stamp_of(patient)) == in_norte.clinic_id
