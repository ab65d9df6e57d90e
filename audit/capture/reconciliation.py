"""Where a history and its live rows differ, and how the history catches up."""

from typing import Any

from audit.capture.tracked import ACTOR, META, Tracked


def reconcile(cursor: Any, tracked: Tracked, *, reason: str) -> int:
    """Write a history row for each object whose last version isn't the live row; returns how many.

    This covers rows older than the triggers, and rows that a restore brought back.
    """
    key, live = f'"{tracked.key}"', tracked.columns_of("t", kept=True)

    cursor.execute(
        f"""
        WITH last AS (SELECT DISTINCT ON ({key}) * FROM "{tracked.history}"
                       ORDER BY {key}, history_id DESC),
             actor AS (SELECT audit_actor() AS a)
        INSERT INTO "{tracked.history}" ({tracked.columns_of()}, {META})
        SELECT {live}, clock_timestamp(),
               CASE WHEN last.{key} IS NULL OR last.history_type = '-' THEN '+' ELSE '~' END,
               %s, {ACTOR}
          FROM "{tracked.table}" t LEFT JOIN last USING ({key}), actor
         WHERE last.{key} IS NULL OR last.history_type = '-'
            OR ({live}) IS DISTINCT FROM ({tracked.columns_of("last")})
        UNION ALL
        SELECT {tracked.columns_of("last")}, clock_timestamp(), '-', %s, {ACTOR}
          FROM last LEFT JOIN "{tracked.table}" t USING ({key}), actor
         WHERE t.{key} IS NULL AND last.history_type <> '-'
        """,
        [reason, reason],
    )

    return int(cursor.rowcount)


def drift(cursor: Any, tracked: Tracked) -> int:
    """How many objects' live rows differ from the last version in their history."""
    key, live = f'"{tracked.key}"', tracked.columns_of("t", kept=True)

    cursor.execute(
        f"""
        WITH last AS (SELECT DISTINCT ON ({key}) * FROM "{tracked.history}"
                       ORDER BY {key}, history_id DESC)
        SELECT count(*) FROM last FULL JOIN "{tracked.table}" t USING ({key})
         WHERE (t.{key} IS NULL) <> (last.{key} IS NULL OR last.history_type = '-')
            OR t.{key} IS NOT NULL AND ({live}) IS DISTINCT FROM ({tracked.columns_of("last")})
        """
    )

    return int(cursor.fetchone()[0])
