"""The tables of a clinic's schema: which columns a backup copies, and in which form."""

from typing import Any

from psycopg import sql

from audit.capture.classification import EXEMPT, Access
from tenants.postgresql.catalogs import RELATIONS

ROUTING = "clinic_epoch"  # says where the clinic is, and is made anew wherever it is restored
# What COPY writes, and what a hash means, must not depend on the server's settings.
STABLE_OUTPUT = """
SET LOCAL synchronize_seqscans = off; SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL DateStyle = 'ISO'; SET LOCAL TimeZone = 'UTC'; SET LOCAL extra_float_digits = 1;
SET LOCAL bytea_output = 'hex'; SET LOCAL IntervalStyle = 'postgres';
SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0
"""
_COLUMNS = f"""
SELECT c.relname::text, array_agg(a.attname::text ORDER BY a.attnum)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE c.oid IN {RELATIONS} AND c.relkind = 'r' AND a.attnum > 0
   AND NOT a.attisdropped AND a.attgenerated = '' AND a.atttypid <> 'xid8'::regtype
 GROUP BY c.relname ORDER BY c.relname
"""


def table_columns(cursor: Any) -> dict[str, list[str]]:
    """The columns of every table with data, of the search path's schema, in order.

    Left out: generated columns, which follow from the others, and xid8 columns, which every row
    gets anew on the server where it arrives.
    """
    cursor.execute(_COLUMNS)
    return {table: columns for table, columns in cursor.fetchall() if table != ROUTING}


def rows_of_table(table: str, columns: list[str], *, empty: bool = False) -> sql.Composed:
    """What to COPY for a table's rows (a table is faster than a query); `empty`: for no rows."""
    what = "(SELECT {columns} FROM {table} WHERE false)" if empty else "{table} ({columns})"
    return sql.SQL(what).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)), table=sql.Identifier(table)
    )


def is_ephemeral(table: str) -> bool:
    """Whether the table holds sign-ins: a restored clinic starts without them.

    A backup that brought them back would revive sign-ins that were ended since.
    """
    return table in _ephemeral_tables()


def _ephemeral_tables() -> set[str]:
    from django.apps import apps

    writable = {label for label, exempt in EXEMPT.items() if exempt.access is Access.WRITE}
    return {apps.get_model(label)._meta.db_table for label in writable}
