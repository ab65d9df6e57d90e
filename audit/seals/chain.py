"""The chain of seals, walked in Python: whether each seal is as it was made and continues the last.

The walk also gathers what `sealed_rows` compares the rows with. A row's transaction id shows which
seal must have seen it, but only while rows have their original ids: since the last seal at which
ids began anew (`Chain.since`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connections

from audit.seals.offline_verifier import Finding, chain_findings, is_torn
from audit.seals.sealable import FORMAT, moment_text, root_sql

SENTENCES = {
    "table_missing": "the seals know a table that is gone",
    "column_missing": "the seals know a column that is gone: its rows cannot be proven",
}
_ITS_HASHES = "its list of hashes"
_ITS_XID = "its transaction id"
_NO_SEAL = "there is no seal of this number"
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


@dataclass(slots=True)
class Chain:
    """What a walk along the chain found: its length, its end, and the columns that it knows.

    From the seal `since` on, rows have their original transaction ids; `xids` and `moments` are the
    ids and times of these seals, in order.
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
        """The problems of all seals. Runs in a transaction; holds one seal at a time in memory."""
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
        """The seals, in their order, as `offline_verifier` takes them."""
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
        """Note that transaction ids began anew with this seal."""
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
