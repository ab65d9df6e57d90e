"""Whether every sealed row is as it was, and nothing was put in behind the seals.

The chain is walked in Python, a line for each seal and table; the rows are compared in SQL, and only
differences come back.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connections

from audit.offline_verifier import Finding, canonical, chain_findings
from audit.seals import FORMAT, Sealable, moment_text, root_sql, row_hash_sql

SENTENCES = {
    "table_missing": "the seals know a table that is gone",
    "column_missing": "the seals know a column that is gone: its rows cannot be proven",
}
MOST = 10_000  # findings for one table and question; more would say nothing new
_CHAIN = f"""
SELECT s.number, s.sealed_at, s.snapshot, s.server, s.previous, s.hash,
       t.table_name, t.columns, t.row_count, encode(t.root, 'hex'),
       t.row_count = cardinality(t.row_ids) AND t.row_count = cardinality(t.record_ids)
       AND t.row_count = cardinality(t.hashes)
       AND t.root = (SELECT {root_sql("u")}
                       FROM unnest(t.row_ids, t.record_ids, t.hashes) u(id, record, hash))
  FROM audit_seal s LEFT JOIN audit_sealedtable t ON t.seal_id = s.number
 ORDER BY s.number, t.table_name
"""
# A seal whose row has the transaction id that its header names was not restored or moved, and nor
# were the histories: their transaction ids tell what its snapshot saw. (A failover keeps them.)
_ON_THIS_SERVER = """
    s.server LIKE (SELECT system_identifier::text FROM pg_control_system()) || '/%%/' || s.xid
"""
_SEALED = f"""
WITH here AS (SELECT s.number, s.sealed_at, s.snapshot::pg_snapshot AS snapshot
                FROM audit_seal s WHERE {_ON_THIS_SERVER}),
     sealed AS (
       SELECT t.seal_id AS seal, t.list, u.id, u.record, u.hash
         FROM (SELECT *, array_position(%(lists)s::text[],
                                        array_to_json(columns)::text) AS list
                 FROM audit_sealedtable WHERE table_name = %(table)s) t,
              unnest(t.row_ids, t.record_ids, t.hashes) u(id, record, hash))
"""


@dataclass(slots=True)
class Chain:
    """What walking the chain found: how long it is, where it ends, which columns it knows."""

    seals: int = 0
    rows: int = 0
    head: str = ""
    sealed_at: datetime | None = None
    columns: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)  # by table

    def walk(self, alias: str, head: str) -> Iterator[Finding]:
        """Every seal that is off. Runs in a transaction; holds one seal at a time."""
        with connections[alias].chunked_cursor() as cursor:
            cursor.execute(_CHAIN)
            broken: list[Finding] = []
            yield from chain_findings(self._seals(cursor, broken), head)
            yield from broken

    def _seals(self, cursor: Any, broken: list[Finding]) -> Iterator[dict[str, Any]]:
        for _, rows in groupby(cursor, key=itemgetter(0)):
            tables = []
            for number, sealed_at, snapshot, server, previous, digest, *of_table in rows:
                name, columns, count, root, whole = of_table
                if name is not None:
                    tables.append({"table": name, "columns": columns, "rows": count, "root": root})
                    self._note(name, tuple(columns), count)
                    if not whole:
                        detail = "its list of hashes"
                        broken.append(Finding("seal_changed", name, seal=number, detail=detail))
            self.seals, self.head, self.sealed_at = self.seals + 1, digest, sealed_at
            yield {
                "format": FORMAT,
                "number": number,
                "sealed_at": moment_text(sealed_at),
                "snapshot": snapshot,
                "server": server,
                "previous": previous,
                "tables": tables,
                "hash": digest,
            }

    def _note(self, table: str, columns: tuple[str, ...], rows: int) -> None:
        known = self.columns.setdefault(table, [])
        if columns not in known:
            known.append(columns)
        self.rows += rows


def sealed_row_findings(cursor: Any, chain: Chain, tables: list[Sealable]) -> Iterator[Finding]:
    """Every row that was changed, removed or put in behind the seals, or sealed twice."""
    by_name = {table.table: table for table in tables}
    for name in chain.columns.keys() - by_name.keys():
        yield Finding("table_missing", name)
    for table in tables:
        lists = chain.columns.get(table.table, [])
        gone = sorted({column for columns in lists for column in columns} - set(table.columns))
        if gone:
            yield Finding("column_missing", table.table, detail=", ".join(gone))
        else:
            yield from _compared(cursor, table, lists)


def _compared(
    cursor: Any, table: Sealable, lists: list[tuple[str, ...]]
) -> Iterator[Finding]:
    record = f'h."{table.record}"' if table.record else "NULL::uuid"
    hashes = "".join(
        f" WHEN {position} THEN {row_hash_sql('h', columns)}"
        for position, columns in enumerate(lists, 1)
    )
    values = {"table": table.table, "lists": [canonical(columns).decode() for columns in lists]}
    cursor.execute(
        f"""{_SEALED}
        SELECT problem, id, record, seal FROM (
          SELECT CASE WHEN h.{table.key} IS NULL THEN 'row_removed'
                      WHEN here.number IS NOT NULL
                           AND (h.xid < pg_snapshot_xmax(here.snapshot)
                                OR h.{table.moment} < here.sealed_at)
                           AND NOT h.xid = ANY (ARRAY(SELECT pg_snapshot_xip(here.snapshot)))
                      THEN 'row_inserted'
                      WHEN s.id IS NULL THEN NULL
                      WHEN s.hash IS DISTINCT FROM CASE s.list {hashes or "WHEN 0 THEN NULL::bytea"} END
                      THEN 'row_changed' END AS problem,
                 coalesce(s.id, h.{table.key}) AS id, coalesce(s.record, {record}) AS record, s.seal
            FROM sealed s FULL JOIN "{table.table}" h ON h.{table.key} = s.id
            LEFT JOIN here ON here.number
                              = coalesce(s.seal, (SELECT max(number) + 1 FROM audit_seal)) - 1) f
         WHERE problem IS NOT NULL ORDER BY id LIMIT {MOST}""",
        values,
    )
    for problem, row, of, seal in cursor.fetchall():
        yield Finding(problem, table.table, str(of or ""), row, seal)
    cursor.execute(
        f"""{_SEALED} SELECT id, max(record::text), max(seal) FROM sealed
             GROUP BY id HAVING count(*) > 1 ORDER BY id LIMIT {MOST}""",
        values,
    )
    for row, of, seal in cursor.fetchall():
        yield Finding("row_doubled", table.table, of or "", row, seal)
