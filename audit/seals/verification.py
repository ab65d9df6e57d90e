"""The proof that a trail is complete and unchanged: live rows, guards and seals.

Everything is read in one snapshot and compared in SQL; only differences come back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.capture.tracked import Tracked, tracked_tables
from audit.seals import chain as seal_verification
from audit.seals import guards, offline_verifier
from audit.seals.chain import Chain
from audit.seals.guards import guard_findings
from audit.seals.offline_verifier import Finding
from audit.seals.sealable import proof_snapshot, sealable_tables
from audit.seals.sealed_rows import MOST, sealed_row_findings
from tenants.context import DIRECTORY

SENTENCES = {
    **offline_verifier.SENTENCES,
    **guards.SENTENCES,
    **seal_verification.SENTENCES,
    "live_unrecorded": "the row is live, and its history doesn't say so",
    "live_missing": "the history says that it is live, and the row is gone",
    "live_differs": "the live row isn't its last version",
    "live_uncounted": "its insertions and deletions don't add up",
}


@dataclass(frozen=True, slots=True)
class Verification:
    """What was verified, and the findings: none, if all is well."""

    tables: int
    seals: int
    sealed_rows: int
    sealed_at: datetime | None
    head: str
    findings: tuple[Finding, ...]


def verify(*, alias: str, head: str = "") -> Verification:
    """Verify the trail of the current scope's schema; changes nothing.

    `head`: the hash of a seal, kept elsewhere. Raises TransactionManagementError inside a
    transaction.
    """
    with proof_snapshot(alias, sealing=False) as cursor:
        tracked, chain = tracked_tables(cursor), Chain()

        findings = [
            *guard_findings(cursor, tracked, in_directory=alias == DIRECTORY),
            *(finding for pair in tracked for finding in live_findings(cursor, pair)),
            *chain.walk(alias, head),
            *sealed_row_findings(cursor, chain, sealable_tables(cursor)),
        ]

    return Verification(
        tables=len(tracked),
        seals=chain.seals,
        sealed_rows=chain.rows,
        sealed_at=chain.sealed_at,
        head=chain.head,
        findings=tuple(findings),
    )


def live_findings(cursor: Any, tracked: Tracked) -> Iterator[Finding]:
    """Each record whose live row isn't its last version, or whose versions don't add up to it."""
    key = f'"{tracked.key}"'
    live, kept = tracked.columns_of("t", kept=True), tracked.columns_of("h")

    cursor.execute(
        f"""
        WITH versions AS (
          SELECT {key}, max(history_id) AS last,
                 count(*) FILTER (WHERE history_type = '+')
                 - count(*) FILTER (WHERE history_type = '-') AS present
            FROM "{tracked.history}" GROUP BY {key})
        SELECT problem, record, last FROM (
          SELECT CASE WHEN t.{key} IS NULL THEN
                      CASE WHEN h.history_type <> '-' THEN 'live_missing'
                           WHEN v.present <> 0 THEN 'live_uncounted' END
                      WHEN h.{key} IS NULL OR h.history_type = '-' THEN 'live_unrecorded'
                      WHEN ROW({live}) IS DISTINCT FROM ROW({kept}) THEN 'live_differs'
                      WHEN v.present <> 1 THEN 'live_uncounted' END AS problem,
                 coalesce(t.{key}, h.{key})::text AS record, v.last
            FROM (versions v JOIN "{tracked.history}" h ON h.history_id = v.last)
            FULL JOIN "{tracked.table}" t ON t.{key} = h.{key}) f
         WHERE problem IS NOT NULL ORDER BY record LIMIT {MOST}
        """
    )

    for problem, record, row in cursor.fetchall():
        yield Finding(problem, tracked.table, record, row)
