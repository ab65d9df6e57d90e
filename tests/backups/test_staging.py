"""A schema built aside from a backup is the same as the clinic's, to the last row."""

import psycopg
import pytest

from backups.format.manifests import Signed
from backups.installation import Installation
from backups.restore.staging import staged, sweep
from backups.snapshot.snapshot import snapshot_of
from backups.stores import Store
from backups.take.full import write_full
from devstack.stack import Stack
from tenants.context import ClinicRoute
from tests.backups.dumps import dumped
from tests.people import FreshClinic


def backed_up(store: Store, route: ClinicRoute) -> Signed:
    with snapshot_of(route) as snapshot:
        return write_full(Installation(store), route, snapshot)


def test_the_schema_aside_is_the_clinic_to_the_last_row_and_rule(
    fresh_clinic: FreshClinic, configured: Store, stack: Stack
) -> None:
    route = fresh_clinic.route
    made = backed_up(configured, route)
    with staged(Installation(), (made,), route) as staging:
        assert dumped(stack, staging.schema) == dumped(stack, route.schema)


def test_a_failed_block_leaves_no_schema_aside(
    fresh_clinic: FreshClinic, configured: Store, stack: Stack
) -> None:
    made = backed_up(configured, fresh_clinic.route)

    with pytest.raises(ZeroDivisionError):
        with staged(Installation(), (made,), fresh_clinic.route) as staging:
            raise ZeroDivisionError

    with psycopg.connect(stack.addresses()["SHARD_1_OWNER_URL"], autocommit=True) as connection:
        assert connection.execute("SELECT to_regnamespace(%s)", [staging.schema]).fetchone() == (
            None,
        )
        assert sweep(connection) == []
