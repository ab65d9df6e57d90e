"""A clinic's schema is built aside from a backup, and is the same to the last row."""

import psycopg
import pytest

from backups.full import write_full
from backups.manifests import Signed
from backups.source import source_of
from backups.staging import staged, sweep
from backups.stores import Store
from devstack.stack import Stack
from tenants.context import ClinicRoute
from tests.backups.dumps import dumped
from tests.people import FreshClinic


def backed_up(store: Store, route: ClinicRoute) -> Signed:
    with source_of(route) as source:
        return write_full(store, route, source)


def test_what_is_built_aside_is_the_clinic_to_the_last_row_and_rule(
    fresh_clinic: FreshClinic, configured: Store, stack: Stack
) -> None:
    route = fresh_clinic.route
    made = backed_up(configured, route)
    with staged(configured, (made,), route) as staging:
        assert dumped(stack, staging.schema) == dumped(stack, route.schema)


def test_nothing_is_left_of_it(fresh_clinic: FreshClinic, configured: Store, stack: Stack) -> None:
    made = backed_up(configured, fresh_clinic.route)
    with pytest.raises(ZeroDivisionError):
        with staged(configured, (made,), fresh_clinic.route) as staging:
            raise ZeroDivisionError
    with psycopg.connect(stack.addresses()["SHARD_1_OWNER_URL"], autocommit=True) as connection:
        assert connection.execute("SELECT to_regnamespace(%s)", [staging.schema]).fetchone() == (
            None,
        )
        assert sweep(connection) == []
