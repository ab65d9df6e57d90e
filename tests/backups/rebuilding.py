"""A schema built from a chain, and schemas compared with pg_dump: the oracle of these tests."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg

from backups.format.manifests import Manifest, Signed
from backups.format.objects import read_plain
from backups.format.sealing import unseal
from backups.installation import Installation
from backups.restore.replay import Applied, apply_increment, read_increment
from backups.snapshot.snapshot import snapshot_of
from backups.snapshot.tables import ROUTING, is_ephemeral
from backups.stores import Store
from backups.take.full import write_full
from backups.take.increments import write_increment
from backups.take.parents import why_not_continued
from core.ids import uuid7
from devstack.stack import Stack
from patients.validators import cpf_check_digit
from tenants.context import ClinicRoute


def somebody(number: int) -> dict[str, Any]:
    """The fields of a patient of this number."""
    digits = [int(digit) for digit in f"{number:09}"]
    for _ in range(2):
        digits.append(cpf_check_digit(digits))
    return {
        "name": f"Paciente {number}",
        "phone": f"+55119{number:08}",
        "cpf": "".join(map(str, digits)),
        "birth_date": "1990-01-01",
    }


def backed_up(store: Store, route: ClinicRoute, parent: Signed | None = None) -> Signed:
    """Make a full, or an increment on the parent; returns the parent when nothing changed."""
    with snapshot_of(route) as snapshot:
        if parent is None:
            return write_full(Installation(store), route, snapshot)
        assert why_not_continued(route, snapshot, parent) == ""
        return write_increment(Installation(store), route, snapshot, parent) or parent


def backed_up_and_dumped(
    stack: Stack, store: Store, route: ClinicRoute, parent: Signed | None = None
) -> tuple[Signed, dict[str, list[str]]]:
    """Make a full, or an increment; returns it with pg_dump's rows of the same snapshot."""
    with snapshot_of(route) as snapshot:
        row: Any = snapshot.connection.execute("SELECT pg_export_snapshot()").fetchone()
        rows = dumped(stack, route.schema, row[0])
        if parent is None:
            return write_full(Installation(store), route, snapshot), rows

        return write_increment(Installation(store), route, snapshot, parent) or parent, rows


@contextmanager
def rebuilt(
    stack: Stack, store: Store, chain: list[Signed], until: datetime | None = None
) -> Iterator[tuple[str, Applied]]:
    """Build a schema from the chain, without rules and rights; yields its name and the changes."""
    full, schema = chain[0].manifest, f"r_{uuid7().hex[-12:]}"

    with psycopg.connect(stack.addresses()["SHARD_1_OWNER_URL"], autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{schema}"')
        try:
            connection.execute(f'SET search_path = "{schema}", pg_temp')
            connection.execute("SET check_function_bodies = off")
            connection.execute(read_plain(store, full.ddl[0]))

            with connection.transaction():
                _load(connection, store, full)
                for signed in chain[1:]:
                    read_increment(connection, store, signed.manifest, Installation().identities)
                applied = apply_increment(connection, until)

            yield schema, applied
        finally:
            connection.execute(f'DROP SCHEMA "{schema}" CASCADE')


def _load(connection: psycopg.Connection[Any], store: Store, manifest: Manifest) -> None:
    script = bytearray()
    unseal(store, manifest.objects[0], Installation().identities, script.extend)
    for table in manifest.tables:
        head = script[: table.first_byte].decode().rstrip("\n").rsplit("\n", 1)[-1]
        with connection.cursor().copy(head.removesuffix(";")) as copy:
            copy.write(script[table.first_byte : table.end_byte])


def dumped(stack: Stack, schema: str, snapshot: str = "") -> dict[str, list[str]]:
    """The rows of every table by pg_dump, sorted, without those that no backup holds."""
    chosen = [f"--snapshot={snapshot}"] if snapshot else []
    text = subprocess.run(
        ["pg_dump", "--data-only", "-n", schema, *chosen, stack.addresses()["SHARD_1_OWNER_URL"]],
        env=stack.environ({}),
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = {}
    block = r'^COPY [^.]+\."?(\w+)"? \(([^)]*)\) FROM stdin;\n(.*?)^\\\.$'

    for table, columns, rows in re.findall(block, text, re.MULTILINE | re.DOTALL):
        if table == ROUTING or is_ephemeral(table):
            continue
        names = columns.split(", ")
        kept = [i for i, name in enumerate(names) if name != "xid"]
        lines = [line.split("\t") for line in rows.splitlines()]
        found[table] = sorted("\t".join(line[i] for i in kept) for line in lines)

    return found


def differences(left: dict[str, list[str]], right: dict[str, list[str]]) -> dict[str, int]:
    """The tables that differ, with the number of rows that only one side has."""
    return {
        table: len(set(left.get(table, [])) ^ set(right.get(table, []))) or 1
        for table in left | right
        if left.get(table) != right.get(table)
    }
