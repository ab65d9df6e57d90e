"""Whether every sealed row is as it was, and no row was inserted behind the seals.

Rows are compared in SQL, and only differences come back. From `Chain.since` on, a row's transaction
id and date show which seal must have it. An honest row is never reported, for two reasons:

- A seal sees and has every row whose transaction had ended. So a later row belongs to a
  transaction that the seal before it didn't see.
- A seal notes the time (`sealed_at`) before it gets its transaction id, ids are given in order, and
  a row's transaction has its id before the trigger notes the row's time. So no row is older than
  the last seal whose id is lower than that of the row's transaction. Only a clock that is set back
  makes it look so, and only for rows until the next seal: the last one counts, not the latest.
"""

from collections.abc import Iterator
from typing import Any

from audit.seals.chain import Chain
from audit.seals.offline_verifier import Finding, canonical
from audit.seals.sealable import Sealable, row_hash_sql

MOST = 10_000  # findings for one table and question; more would say nothing new
# Without a sub-select, because PostgreSQL wouldn't hash in parallel with one.
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


def sealed_row_findings(cursor: Any, chain: Chain, tables: list[Sealable]) -> Iterator[Finding]:
    """Every row that was changed, removed, inserted behind the seals, or sealed twice."""
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
    """SQL for the rows that differ from their hash, or were inserted behind a seal.

    A row was inserted behind a seal if the seal before its own (the last one, if it is in none) saw
    its transaction, or if its date lies before a seal that was made before its transaction.

    An outer join from the history, so that PostgreSQL may hash in parallel.
    """
    record = f'h."{table.record}"::text' if table.record else "NULL::text"
    hashes = "".join(
        f" WHEN {position} THEN {row_hash_sql('h', columns)}"
        for position, columns in enumerate(lists, 1)
    )
    changed = f"WHEN s.hash <> CASE s.list{hashes} END THEN 'row_changed'" if lists else ""

    # "= ANY": the planner expects few rows from it, and so gathers them from parallel workers.
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
