"""The swap: the schema built aside takes the clinic's name, in one short transaction.

No reader waits, because a name is one row of a system catalog. A session that records an event
waits for a part of the swap. The replaced schema stays for RESTORE_POINT_DAYS under the name
before_<12 hex digits>, closed to writes, and can be swapped back. Its comment says whose it is.
"""

import json
import secrets
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from backups.errors import ClinicBusy
from backups.restore.carried_trail import follow_trail
from tenants.schemas import write_digest

RESTORE_POINT_DAYS = 7
_MARK = "fisioflow restore point: "
_WAIT_MS, _TRIES = 50, 100  # short waits: others queue behind a lock that is waited for
_POINTS = """
SELECT nspname::text, obj_description(oid, 'pg_namespace') FROM pg_namespace
 WHERE nspname ~ '^before_[0-9a-f]{12}$'
"""


@dataclass(frozen=True, slots=True)
class RestorePoint:
    """A schema that a restore replaced: whose, when, its migrations, and the swap's transaction."""

    schema: str
    clinic_id: UUID
    made_at: datetime
    digest: str
    xid: str


def swap(
    connection: psycopg.Connection[Any],
    *,
    live: str,
    staging: str,
    clinic_id: UUID,
    digest: str,
    since: str,
) -> RestorePoint:
    """Give `staging` the name of `live`; returns what `live` was. Raises ClinicBusy.

    `digest` stands for the migrations that both have; `since` the snapshot of `keep_trail`.
    """
    for _ in range(_TRIES):
        try:
            with connection.transaction(), connection.cursor() as cursor:
                return _swapped(cursor, live, staging, clinic_id, digest, since)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            time.sleep(_WAIT_MS / 1000)

    raise ClinicBusy(schema=live)


def restore_points(cursor: Any, clinic_id: UUID | None = None) -> list[RestorePoint]:
    """The restore points on this server, of the clinic or of all clinics, newest first."""
    cursor.execute(_POINTS)
    points = [_point_of(name, comment or "") for name, comment in cursor.fetchall()]

    found = [point for point in points if point and clinic_id in (None, point.clinic_id)]
    return sorted(found, key=lambda point: point.made_at, reverse=True)


def mark(cursor: Any, point: RestorePoint, *, digest: str) -> RestorePoint:
    """Say in the schema's comment whose restore point it is, and which migrations it has."""
    said = {
        "clinic": str(point.clinic_id),
        "made_at": point.made_at.isoformat(),
        "digest": digest,
        "xid": point.xid,
    }

    cursor.execute(
        sql.SQL("COMMENT ON SCHEMA {} IS {}")
        .format(sql.Identifier(point.schema), sql.Literal(_MARK + json.dumps(said)))
        .as_string()
    )

    return replace(point, digest=digest)


def set_aside(cursor: Any, schema: str, clinic_id: UUID, *, digest: str) -> RestorePoint:
    """Rename the schema to a restore point of the clinic, in the transaction under way."""
    before = f"before_{secrets.token_hex(6)}"
    cursor.execute("SELECT pg_current_xact_id()::text, clock_timestamp()")
    xid, now = cursor.fetchone()

    cursor.execute(
        sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(
            sql.Identifier(schema), sql.Identifier(before)
        )
    )

    return mark(cursor, RestorePoint(before, clinic_id, now, digest, xid), digest=digest)


def drop_old_restore_points(
    connection: psycopg.Connection[Any], *, now: datetime
) -> list[RestorePoint]:
    """Drop the restore points on this server that are older than RESTORE_POINT_DAYS."""
    with connection.cursor() as cursor:
        old = [
            point
            for point in restore_points(cursor)
            if now - point.made_at > timedelta(days=RESTORE_POINT_DAYS)
        ]

        for point in old:
            cursor.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(point.schema)))

    return old


def _swapped(
    cursor: Any, live: str, staging: str, clinic_id: UUID, digest: str, since: str
) -> RestorePoint:
    cursor.execute(f"SET LOCAL lock_timeout = '{_WAIT_MS}ms'")
    cursor.execute("SELECT set_config('search_path', %s, true)", [f'"{staging}", pg_temp'])
    follow_trail(cursor, live, since)

    # The live schema knows whether the clinic is open.
    cursor.execute(
        sql.SQL("UPDATE clinic_epoch e SET epoch = l.epoch, state = l.state FROM {} l").format(
            sql.Identifier(live, "clinic_epoch")
        )
    )

    point = set_aside(cursor, live, clinic_id, digest=digest)
    cursor.execute(
        sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(
            sql.Identifier(staging), sql.Identifier(live)
        )
    )
    write_digest(cursor, live, digest)

    return point


def _point_of(schema: str, comment: str) -> RestorePoint | None:
    if not comment.startswith(_MARK):
        return None
    said = json.loads(comment.removeprefix(_MARK))
    made_at = datetime.fromisoformat(said["made_at"]).astimezone(UTC)
    return RestorePoint(schema, UUID(said["clinic"]), made_at, said["digest"], said["xid"])
