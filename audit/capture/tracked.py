"""The tables that have a history, read from PostgreSQL's catalogs."""

from dataclasses import dataclass
from typing import Any

from audit.capture.history import DIGEST
from tenants.postgresql.catalogs import RELATIONS

_PAIRS = f"""
SELECT t.relname, h.relname, k.attname,
       array_agg(a.attname ORDER BY a.attnum)::text[],
       coalesce(array_agg(a.attname) FILTER (WHERE col_description(h.oid, b.attnum) = %s),
                '{{}}')::text[]
  FROM pg_class h
  JOIN pg_class t ON t.relnamespace = h.relnamespace AND t.relkind = 'r'
   AND t.relname = replace(h.relname, '_historical', '_')
  JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary
  JOIN pg_attribute k ON k.attrelid = t.oid AND k.attnum = i.indkey[0]
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
   AND a.attgenerated = ''
  JOIN pg_attribute b ON b.attrelid = h.oid AND b.attname = a.attname AND NOT b.attisdropped
 WHERE h.oid IN {RELATIONS} AND h.relkind = 'r'
   AND h.relname LIKE '%%\\_historical%%'
 GROUP BY t.relname, h.relname, k.attname ORDER BY t.relname
"""
# The columns that a version has besides its row's. ACTOR holds the values of the last five; `a` is
# the result of audit_actor().
META = (
    "history_date, history_type, history_change_reason, history_user_id, actor_label,"
    " ip_address, user_agent, request_id"
)


ACTOR = (
    "(a ->> 'user_id')::uuid, a ->> 'label', (a ->> 'ip_address')::inet,"
    " coalesce(a ->> 'user_agent', ''), coalesce(a ->> 'request_id', '')"
)


@dataclass(frozen=True, slots=True)
class Tracked:
    """A table and its history: their names, the key's column, the columns that both have."""

    table: str
    history: str
    key: str
    columns: tuple[str, ...]
    digests: frozenset[str]

    def columns_of(self, row: str = "", *, kept: bool = False) -> str:
        """The columns, of the row with this alias; `kept`: as the history keeps them."""
        prefix = f"{row}." if row else ""

        def one(column: str) -> str:
            value = f'{prefix}"{column}"'
            if kept and column in self.digests:
                return f"encode(sha256(convert_to({value}, 'UTF8')), 'hex')"

            return value

        return ", ".join(map(one, self.columns))


def tracked_tables(cursor: Any) -> list[Tracked]:
    """Every table of the search path's schema that has a history table."""
    cursor.execute(_PAIRS, [DIGEST])
    return [
        Tracked(table, history, key, tuple(columns), frozenset(digests))
        for table, history, key, columns, digests in cursor.fetchall()
    ]
