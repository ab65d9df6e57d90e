"""Undoing the last restore of a clinic."""

from typing import Any

from audit.capture.privileges import grant
from backups.errors import NoRestorePoint, WrittenSince
from backups.restore.carried_trail import keep_trail, record_restore, set_actor, written_after
from backups.restore.fence import fenced
from backups.restore.recovery import recover
from backups.restore.sign_ins import keep_sign_ins
from backups.restore.swap import RestorePoint, restore_points, swap
from backups.restore.versions import brought_forward
from backups.snapshot.connection import server_failures
from backups.snapshot.locks import backup_lock, neither_sealed_nor_migrated
from tenants.context import ClinicRoute
from tenants.postgresql.owner import owner_connection


def restore_undo(*, route: ClinicRoute, discard: bool = False) -> RestorePoint:
    """Swap back what the last restore replaced; returns where the restored state is now.

    Its trail is carried over, too, and what an older release left is migrated first. The caller
    names the actor (core.actor). Raises NoRestorePoint, SchemaTooNew, ClinicBehind, and
    WrittenSince unless `discard`.
    """
    recover(route.shard)

    with server_failures(), owner_connection(route.shard) as connection:
        with backup_lock(route), connection.cursor() as cursor:
            points = restore_points(cursor, route.clinic_id)
            if not points:
                raise NoRestorePoint(schema=route.schema)
            point = brought_forward(connection, route.shard, points[0])

            with (
                fenced(connection, route),
                neither_sealed_nor_migrated(connection, route.schema),
            ):
                _work_in(cursor, route.schema)
                written = written_after(cursor, point.xid)
                if written and not discard:
                    raise WrittenSince(versions=written)

                _work_in(cursor, point.schema)
                with connection.transaction():
                    set_actor(cursor)
                    _, since = keep_trail(cursor, route.schema)
                    keep_sign_ins(cursor, route.schema)
                    record_restore(cursor, reason="restore undone", details={})
                    grant(cursor, f'"{point.schema}"', in_directory=False)

                return swap(
                    connection,
                    live=route.schema,
                    staging=point.schema,
                    clinic_id=route.clinic_id,
                    digest=point.digest,
                    since=since,
                )


def _work_in(cursor: Any, schema: str) -> None:
    cursor.execute("SELECT set_config('search_path', %s, false)", [f'"{schema}", pg_temp'])
