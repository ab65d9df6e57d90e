"""Whether every sealed row is as it was, and nothing was put in behind the seals.

The chain is walked in Python, a line for each seal and table; the rows are compared in SQL, and
only differences come back.

A row's transaction id says what the seals must have seen of it, as long as ids are those that the
rows came with: since the last seal that doesn't go on (`Chain.since`). No honest row is ever named:

- A seal sees every row whose transaction had ended, and has it. So a row that comes later is of a
  transaction that the seal before it didn't see.
- A seal notes the time (`sealed_at`) before it gets its transaction id, ids are given in order, and
  a row's transaction has its id before the trigger notes the row's time. So no row is older than
  the last seal that had its id before the row's transaction had. Only a clock that is set back
  makes it look so, and only for rows until the next seal: the last one is asked, not the latest.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connections

from audit.offline_verifier import Finding, canonical, chain_findings, is_torn
from audit.seals import FORMAT, Sealable, moment_text, root_sql, row_hash_sql

SENTENCES = {
    "table_missing": "the seals know a table that is gone",
    "column_missing": "the seals know a column that is gone: its rows cannot be proven",
}
_ITS_HASHES = "its list of hashes"
_ITS_XID = "its transaction id"
_NO_SEAL = "there is no such seal"
MOST = 10_000  # findings for one table and question; more would say nothing new
_CHAIN = f"""
SELECT s.number, s.sealed_at, s.snapshot, s.server, s.goes_on, s.previous, s.hash,
       s.server LIKE system || '/%' AS here, s.server LIKE '%/' || s.xid AS kept, s.xid::text,
       t.table_name, t.columns, t.row_count, encode(t.root, 'hex'),
       t.row_count = cardinality(t.row_ids) AND t.row_count = cardinality(t.record_ids)
       AND t.row_count = cardinality(t.hashes)
       AND t.root = (SELECT {root_sql("u")}
                       FROM unnest(t.row_ids, t.record_ids, t.hashes) u(id, record, hash))
  FROM (SELECT system_identifier::text AS system FROM pg_control_system()) c, audit_seal s
  LEFT JOIN audit_sealedtable t ON t.seal_id = s.number
 ORDER BY s.number, t.table_name
"""
_ORPHANS = """
SELECT seal_id, table_name FROM audit_sealedtable t
 WHERE NOT EXISTS (SELECT FROM audit_seal s WHERE s.number = t.seal_id) ORDER BY 1, 2
"""
_RESTORES = """
SELECT DISTINCT t.seal_id FROM audit_event e
  LEFT JOIN (audit_sealedtable t JOIN audit_seal s ON s.number = t.seal_id)
         ON t.table_name = 'audit_event' AND e.id = ANY (t.row_ids)
 WHERE e.kind = 'restored'
"""
# No sub-select stands here, because PostgreSQL would not hash in parallel with it.
_HERE = """
SELECT number, split_part(snapshot, ':', 2)::xid8 AS xmax,
       string_to_array(split_part(snapshot, ':', 3), ',')::xid8[] AS xip
  FROM audit_seal WHERE number >= %(since)s AND snapshot ~ '^[0-9]+:[0-9]+:[0-9,]*$'
"""
_SEALED = """
SELECT t.seal_id AS seal, array_position(%(lists)s::text[], t.list) AS list, u.id, u.record, u.hash
  FROM (SELECT *, array_to_json(columns)::text AS list
          FROM audit_sealedtable JOIN audit_seal ON number = seal_id
         WHERE table_name = %(table)s) t,
       unnest(t.row_ids, t.record_ids, t.hashes) u(id, record, hash)
"""


@dataclass(slots=True)
class Chain:
    """What walking the chain found: how long it is, where it ends, which columns it knows.

    From the seal `since` on transaction ids are those that rows came with; `xids` and `moments` are
    these seals' own, in their order.
    """

    seals: int = 0
    last: int = 0  # the last seal's number
    rows: int = 0
    head: str = ""
    sealed_at: datetime | None = None
    columns: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)  # by table
    since: int = 0
    xids: list[str] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=list)
    broken: list[Finding] = field(default_factory=list)
    _torn: list[int | None] = field(default_factory=list)  # None: after the last seal
    _changed: list[int] = field(default_factory=list)

    def walk(self, alias: str, head: str) -> Iterator[Finding]:
        """Every seal that is off. Runs in a transaction; holds one seal at a time."""
        yield from chain_findings(self.seals_of(alias), head)
        yield from self.broken
        for number in self._changed:
            yield Finding("seal_changed", seal=number, detail=_ITS_XID)
        with connections[alias].cursor() as cursor:
            cursor.execute(_ORPHANS)
            for number, table in cursor.fetchall():
                yield Finding("seal_changed", table, seal=number, detail=_NO_SEAL)
            if self._torn:
                cursor.execute(_RESTORES)
                restores = {seal for (seal,) in cursor.fetchall()}
                for torn in self._torn:
                    if torn not in restores:
                        yield Finding("restore_unrecorded", seal=torn)

    def seals_of(self, alias: str) -> Iterator[dict[str, Any]]:
        """The seals as audit.offline_verifier knows them, in their order."""
        with connections[alias].chunked_cursor() as cursor:
            cursor.execute(_CHAIN)
            yield from self._seals(cursor)

    def _seals(self, cursor: Any) -> Iterator[dict[str, Any]]:
        before, here, kept = None, True, True
        for _, group in groupby(cursor, key=itemgetter(0)):
            rows = list(group)
            number, sealed_at, snapshot, server, goes_on, previous, digest = rows[0][:7]
            here, kept, xid = rows[0][7:10]
            seal = {
                "format": FORMAT,
                "number": number,
                "sealed_at": moment_text(sealed_at),
                "snapshot": snapshot,
                "server": server,
                "goes_on": goes_on,
                "previous": previous,
                "tables": [self._table(number, *row[10:]) for row in rows if row[10] is not None],
                "hash": digest,
            }
            self.seals += 1
            self.last, self.head, self.sealed_at = number, digest, sealed_at
            if not goes_on:
                self._begin(number, torn=is_torn(seal, before))
            self.xids.append(xid)
            self.moments.append(sealed_at)
            if not kept:
                self._changed.append(number)
            yield seal
            before = seal
        if not (here and kept):  # restored or moved since
            self._begin(self.last + 1, torn=here)

    def _begin(self, number: int, *, torn: bool) -> None:
        """From this seal on transaction ids are others than before."""
        self.since, self.xids, self.moments, self._changed = number, [], [], []
        if torn:
            self._torn.append(number if number == self.last else None)

    def _table(
        self, seal: int, name: str, columns: list[str], rows: int, root: str, whole: bool
    ) -> dict[str, Any]:
        if not whole:
            self.broken.append(Finding("seal_changed", name, seal=seal, detail=_ITS_HASHES))
        known = self.columns.setdefault(name, [])
        if tuple(columns) not in known:
            known.append(tuple(columns))
        self.rows += rows
        return {"table": name, "columns": columns, "rows": rows, "root": root}


def sealed_row_findings(cursor: Any, chain: Chain, tables: list[Sealable]) -> Iterator[Finding]:
    """Every row that was changed, removed or put in behind the seals, or sealed twice."""
    by_name = {table.table: table for table in tables}
    for name in chain.columns.keys() - by_name.keys():
        yield Finding("table_missing", name)
    values: dict[str, Any] = {"last": chain.last, "since": chain.since}
    values |= {"xids": chain.xids, "moments": chain.moments}
    for table in tables:
        lists = chain.columns.get(table.table, [])
        gone = sorted({column for columns in lists for column in columns} - set(table.columns))
        if gone:
            yield Finding("column_missing", table.table, detail=", ".join(gone))
        else:
            yield from _compared(cursor, table, lists, values)


def _compared(
    cursor: Any, table: Sealable, lists: list[tuple[str, ...]], values: dict[str, Any]
) -> Iterator[Finding]:
    values["table"] = table.table
    values["lists"] = [canonical(columns).decode() for columns in lists]
    for question in (_changed(table, lists), _removed(table), _doubled(table)):
        cursor.execute(f"{question} ORDER BY 2 LIMIT {MOST}", values)
        for problem, row, record, seal in cursor.fetchall():
            yield Finding(problem, table.table, record or "", row, seal)


def _changed(table: Sealable, lists: list[tuple[str, ...]]) -> str:
    """The rows that differ from their hash, or were put in behind a seal.

    That is: the seal before theirs (the last, if they are in none) saw their transaction; or their
    date lies before a seal that was made before their transaction.

    An outer join from the history, so that PostgreSQL may hash in parallel.
    """
    record = f'h."{table.record}"::text' if table.record else "NULL::text"
    hashes = "".join(
        f" WHEN {position} THEN {row_hash_sql('h', columns)}"
        for position, columns in enumerate(lists, 1)
    )
    changed = f"WHEN s.hash <> CASE s.list{hashes} END THEN 'row_changed'" if lists else ""
    # "= ANY": the planner, which expects few rows of it, then gathers them from parallel workers.
    return f"""
        SELECT problem, id, record, seal FROM (
          SELECT CASE WHEN h.xid < b.xmax AND NOT h.xid = ANY (b.xip)
                           OR b.number IS NOT NULL AND h.{table.moment} <
                              (%(moments)s::timestamptz[])[width_bucket(h.xid, %(xids)s::xid8[])]
                      THEN 'row_inserted' {changed} END AS problem,
                 h.{table.key} AS id, {record} AS record, s.seal
            FROM "{table.table}" h LEFT JOIN ({_SEALED}) s ON s.id = h.{table.key}
            LEFT JOIN ({_HERE}) b ON b.number
                      = coalesce(s.seal, %(last)s + 1) - 1) f
         WHERE problem = ANY (ARRAY['row_inserted', 'row_changed'])"""


def _removed(table: Sealable) -> str:
    return f"""
        SELECT 'row_removed', s.id, s.record::text, s.seal FROM ({_SEALED}) s
         WHERE NOT EXISTS (SELECT FROM "{table.table}" h WHERE h.{table.key} = s.id)"""


def _doubled(table: Sealable) -> str:
    record = f'h."{table.record}"' if table.record else "NULL"
    return f"""
        SELECT 'row_doubled', id, (SELECT {record}::text FROM "{table.table}" h
                                    WHERE h.{table.key} = s.id), max(seal)
          FROM (SELECT seal_id AS seal, unnest(row_ids) AS id
                  FROM audit_sealedtable WHERE table_name = %(table)s) s
         GROUP BY id HAVING count(*) > 1"""
