"""Sign-ins through a restore: people who are signed in stay signed in.

No backup holds sign-ins, because it would revive those that were ended since. So they come from the
live schema, where the application can't write any while writes are refused.
"""

from typing import Any

from django.contrib.auth import get_user_model
from psycopg import sql

from backups.snapshot.tables import is_ephemeral, table_columns

_REFERENCES = """
SELECT f.relname::text, array_agg(a.attname::text), array_agg(b.attname::text)
  FROM pg_constraint c
  JOIN pg_class f ON f.oid = c.confrelid
 CROSS JOIN LATERAL unnest(c.conkey, c.confkey) AS k (here, there)
  JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.here
  JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.there
 WHERE c.conrelid = to_regclass(%s) AND c.contype = 'f' GROUP BY c.oid, f.relname
"""


def keep_sign_ins(cursor: Any, replaced: str) -> int:
    """Replace the sign-ins of the search path's schema by those of `replaced`; returns how many.

    Both have the same definition. Leaves out people who don't exist in the search path's schema, or
    are inactive. Call it while writes are refused.
    """
    kept = 0

    for table, columns in table_columns(cursor).items():
        if is_ephemeral(table):
            references = _references(cursor, table)
            names = sql.SQL(", ").join(map(sql.Identifier, columns))
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))

            cursor.execute(
                sql.SQL(
                    "INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE"
                    " SELECT {names} FROM {replaced} r WHERE {references}"
                ).format(
                    table=sql.Identifier(table),
                    names=names,
                    replaced=sql.Identifier(replaced, table),
                    references=sql.SQL(" AND ").join([sql.SQL("true"), *references]),
                )
            )
            kept += int(cursor.rowcount)

    return kept


def _references(cursor: Any, table: str) -> list[sql.Composable]:
    """One condition on a row `r` for each foreign key of the table."""
    cursor.execute(_REFERENCES, [f'"{table}"'])
    people = get_user_model()._meta.db_table

    return [
        sql.SQL("({missing} OR EXISTS (SELECT FROM {other} o WHERE {same}{active}))").format(
            missing=sql.SQL(" OR ").join(
                sql.SQL("r.{} IS NULL").format(sql.Identifier(name)) for name in here
            ),
            other=sql.Identifier(other),
            same=sql.SQL(" AND ").join(
                sql.SQL("o.{} = r.{}").format(sql.Identifier(theirs), sql.Identifier(ours))
                for ours, theirs in zip(here, there, strict=True)
            ),
            active=sql.SQL(" AND o.is_active" if other == people else ""),
        )
        for other, here, there in cursor.fetchall()
    ]
