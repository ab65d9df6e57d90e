"""Versions with the same time: every page goes on where the one before it ended."""

from django.db import connections

from audit.trail.feed import Trail
from scheduling.models import Room
from tenants.context import clinic_scope
from tenants.postgresql.owner import as_owner
from tests.audit.conftest import everything
from tests.people import FreshClinic

AT_ONE_MOMENT = """
INSERT INTO {table}
SELECT (jsonb_populate_record(h, jsonb_build_object(
            'history_id', h.history_id + 1000 * n, 'history_date', now()))).*
  FROM {table} h, generate_series(1, 4) n
"""


def test_entries_of_one_moment_come_once_whatever_their_tables(fresh_clinic: FreshClinic) -> None:
    route = fresh_clinic.route
    with clinic_scope(route):
        Room.objects.create(name="Pilates", capacity=4)
    with as_owner(route.shard), clinic_scope(route):
        with connections[route.shard].cursor() as cursor:
            cursor.execute(
                ";".join(
                    AT_ONE_MOMENT.format(table=table)
                    for table in ("patients_historicalpatient", "scheduling_historicalroom")
                )
            )

    with clinic_scope(route):
        whole = [entry.place for entry in Trail().page(1000)]
        assert len(whole) == len(set(whole)) == Trail().count()
        for size in (1, 3, 5):
            assert everything(Trail(), size) == whole, size
