"""Writing seals: what histories and events hold at a moment, hashed into a chain.

A seal covers the rows that became visible since the one before: those that its snapshot sees and
the earlier snapshot didn't, whichever transactions were open at either. No row is missed, and none
is sealed twice. Where rows got new transaction ids (a restore, a move), or the server may be
another (a failover), a seal covers the rows that are in no seal yet. `goes_on` records which case
it was: whether transaction ids continue from the seal before.
"""

from dataclasses import dataclass
from typing import Any

import structlog

from audit.seals.offline_verifier import seal_hash
from audit.seals.sealable import (
    FORMAT,
    Sealable,
    moment_text,
    proof_snapshot,
    root_sql,
    row_hash_sql,
    sealable_tables,
)
from tenants.postgresql.owner import as_owner
from tenants.postgresql.snapshot import TIMELINE

_NOW = f"""
SELECT now(), pg_current_snapshot()::text, s.system || s.timeline, l.number, l.hash,
       coalesce(l.server LIKE s.system || '/%/' || l.xid, false),
       coalesce(l.server = s.system || s.timeline || '/' || l.xid AND
                pg_snapshot_xmax(l.snapshot::pg_snapshot)
                <= pg_snapshot_xmax(pg_current_snapshot()), false),
       pg_snapshot_xmax(l.snapshot::pg_snapshot)::text,
       ARRAY(SELECT pg_snapshot_xip(l.snapshot::pg_snapshot)::text)
  FROM (SELECT system_identifier::text AS system, '/' || ({TIMELINE}) AS timeline
          FROM pg_control_system()) s
  LEFT JOIN (SELECT * FROM audit_seal ORDER BY number DESC LIMIT 1) l ON true
"""
_log = structlog.get_logger("audit.seals")


@dataclass(frozen=True, slots=True)
class SealMade:
    """The seal that was written."""

    number: int
    hash: str
    rows: int


def seal_create(*, alias: str) -> SealMade | None:
    """Seal what became visible since the last seal; None when there is nothing.

    This runs as the owner: the application may not write seals. Raises OwnerLoginMissing, and
    TransactionManagementError inside a transaction.
    """
    with as_owner(alias), proof_snapshot(alias, sealing=True) as cursor:
        made = seal_rows(cursor)

    if made:
        _log.info("audit_sealed", number=made.number, head=made.hash, rows=made.rows)
    return made


def seal_rows(cursor: Any) -> SealMade | None:
    """Write a seal inside `proof_snapshot`; None when no row is new."""
    cursor.execute(_NOW)
    sealed_at, snapshot, server, last, previous, goes_on, follows, xmax, xip = cursor.fetchone()

    window = _Window(last is not None, follows, xmax, xip)
    tables = window.with_news(cursor, sealable_tables(cursor))
    if not tables:
        return None

    number = (last or 0) + 1
    sealed = [_seal_table(cursor, number, table, window) for table in tables]

    cursor.execute("SELECT pg_current_xact_id()::text")
    header = {
        "format": FORMAT,
        "number": number,
        "sealed_at": moment_text(sealed_at),
        "snapshot": snapshot,
        "server": f"{server}/{cursor.fetchone()[0]}",
        "goes_on": goes_on,
        "previous": previous or "",
        "tables": sealed,
    }

    digest = seal_hash(header)
    cursor.execute(
        "INSERT INTO audit_seal (number, sealed_at, snapshot, server, goes_on, previous, hash)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [number, sealed_at, snapshot, header["server"], goes_on, header["previous"], digest],
    )

    return SealMade(number, digest, sum(entry["rows"] for entry in sealed))


@dataclass(frozen=True, slots=True)
class _Window:
    """Which rows are new since the last seal: by transaction id, if ids continue from it."""

    sealed_before: bool
    follows: bool
    xmax: str
    xip: list[str]

    def condition(self, table: Sealable) -> tuple[str, list[Any]]:
        """SQL, with the table as `h`, and its parameters."""
        if self.follows:
            return "(h.xid >= %s::xid8 OR h.xid = ANY(%s::xid8[]))", [self.xmax, self.xip]

        if not self.sealed_before:
            return "true", []

        return (
            "NOT EXISTS (SELECT FROM (SELECT unnest(row_ids) AS id"
            " FROM audit_sealedtable JOIN audit_seal ON number = seal_id"
            f" WHERE table_name = %s) s WHERE s.id = h.{table.key})"
        ), [table.table]

    def with_news(self, cursor: Any, tables: list[Sealable]) -> list[Sealable]:
        """The tables that have new rows, by one query."""
        parts, values = [], []

        for table in tables:
            condition, of_condition = self.condition(table)
            found = f'EXISTS (SELECT FROM "{table.table}" h WHERE {condition})'
            if self.follows:  # one look at the index's end, whatever the statistics say
                found = (
                    f'(SELECT xid FROM "{table.table}" ORDER BY xid DESC LIMIT 1) >= %s::xid8 OR'
                    f' EXISTS (SELECT FROM "{table.table}" WHERE xid = ANY(%s::xid8[]))'
                )

            parts.append(f"SELECT %s WHERE {found}")
            values += [table.table, *of_condition]

        cursor.execute(" UNION ALL ".join(parts), values)
        names = {name for (name,) in cursor.fetchall()}
        return [table for table in tables if table.table in names]


def _seal_table(cursor: Any, number: int, table: Sealable, window: _Window) -> dict[str, Any]:
    """Write the hashes of a table's new rows; returns the table's part of the header."""
    condition, values = window.condition(table)
    record = f'h."{table.record}"' if table.record else "NULL::uuid"

    cursor.execute(
        f"""
        INSERT INTO audit_sealedtable
               (seal_id, table_name, columns, row_ids, record_ids, hashes, row_count, root)
        SELECT %s, %s, %s::text[], array_agg(id ORDER BY id), array_agg(record ORDER BY id),
               array_agg(hash ORDER BY id), count(*), {root_sql("r")}
          FROM (SELECT h.{table.key} AS id, {record} AS record,
                       {row_hash_sql("h", table.columns)} AS hash
                  FROM "{table.table}" h WHERE {condition} ORDER BY 1) r
        RETURNING row_count, encode(root, 'hex')
        """,
        [number, table.table, list(table.columns), *values],
    )

    rows, root = cursor.fetchone()
    return {"table": table.table, "columns": list(table.columns), "rows": rows, "root": root}
