"""What a superuser of the server may do, past every grant and trigger; and reading of the seals."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connections

from audit.seals.sealing import SealMade, seal_create
from audit.seals.verification import Verification, verify
from tenants.context import ClinicRoute, clinic_scope

Cursor = psycopg.Cursor[tuple[Any, ...]]
HISTORY = "patients_historicalpatient"
CONTENT = "Segredo Clínico"
RESTORED = (
    "INSERT INTO audit_event (kind, table_name, record_id, details, actor_label, user_agent,"
    " request_id, reason) VALUES ('restored', '', '', '{}', 'job:restore', '', '', '')"
)
MIDDLE = f"(SELECT history_id FROM {HISTORY} ORDER BY 1 OFFSET 1 LIMIT 1)"


@contextmanager
def as_superuser(route: ClinicRoute) -> Iterator[Cursor]:
    """A cursor in the clinic's schema, with every trigger off; commits at the end."""
    settings = connections[route.shard].settings_dict
    with psycopg.connect(
        host=settings["HOST"], dbname=settings["NAME"], user="postgres"
    ) as connection:
        cursor = connection.cursor()
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SELECT set_config('search_path', %s, false)", [f'"{route.schema}"'])
        yield cursor


def seal(route: ClinicRoute) -> SealMade | None:
    with clinic_scope(route):
        return seal_create(alias=route.shard)


def verified(route: ClinicRoute, head: str = "") -> Verification:
    with clinic_scope(route):
        return verify(alias=route.shard, head=head)


def problems(route: ClinicRoute, head: str = "") -> set[str]:
    return {finding.problem for finding in verified(route, head).findings}


def sealed(route: ClinicRoute, table: str = HISTORY) -> Counter[int]:
    """How often each row of the table is in a seal."""
    with as_superuser(route) as cursor:
        cursor.execute(
            "SELECT unnest(row_ids) FROM audit_sealedtable WHERE table_name = %s", [table]
        )
        return Counter(row for (row,) in cursor.fetchall())


def rows(route: ClinicRoute, table: str = HISTORY, key: str = "history_id") -> set[int]:
    with as_superuser(route) as cursor:
        cursor.execute(f"SELECT {key} FROM {table}")
        return {row for (row,) in cursor.fetchall()}


def tamper(route: ClinicRoute, statement: str) -> None:
    """Run the statement as a superuser, and check that it changed a row."""
    with as_superuser(route) as cursor:
        cursor.execute(statement)
        assert cursor.rowcount


def forge(cursor: Cursor, xid: str) -> None:
    """Insert a version with the first one's date, this transaction id and the number 0."""
    cursor.execute(
        "SELECT attname FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
        [HISTORY],
    )
    columns = [column for (column,) in cursor.fetchall()]
    forged = {"history_id": "0", "history_type": "'~'", "medical_history": "'Falso.'", "xid": xid}
    cursor.execute(
        f"INSERT INTO {HISTORY} ({', '.join(columns)})"
        f" SELECT {', '.join(forged.get(column, column) for column in columns)}"
        f" FROM {HISTORY} WHERE history_id = (SELECT min(history_id) FROM {HISTORY})"
    )

    assert cursor.rowcount == 1
