"""Restoring a clinic in place.

The order makes sure that any failure before the swap leaves the clinic as it was: the store is
checked; writes are refused; the schema is built aside and proven; the trail is carried over; swap.
From the carrying over until the swap nobody seals or migrates the clinic.
"""

from datetime import datetime

from backups.format.manifests import Signed
from backups.installation import Installation
from backups.progress import StepsProgress, silent
from backups.restore.carried_trail import keep_trail, set_actor
from backups.restore.chain import documents_of
from backups.restore.documents import documents_returned
from backups.restore.fence import fenced
from backups.restore.outcome import Restored, record_reached
from backups.restore.recovery import recover
from backups.restore.sign_ins import keep_sign_ins
from backups.restore.staging import Staging, staged
from backups.restore.swap import swap
from backups.restore.versions import refuse_behind, refuse_newer_backup
from backups.snapshot.connection import server_failures
from backups.snapshot.locks import backup_lock, neither_sealed_nor_migrated
from tenants.context import ClinicRoute
from tenants.fleet import migration_digest
from tenants.postgresql.owner import owner_connection


def clinic_restore(
    installation: Installation,
    *,
    route: ClinicRoute,
    chain: tuple[Signed, ...],
    until: datetime | None = None,
    progress: StepsProgress = silent,
) -> Restored:
    """Put the clinic back to what the chain holds, in place.

    The caller names the actor (core.actor), whom the histories then show. Raises BackupError, with
    the clinic as it was.
    """
    recover(route.shard)
    refuse_newer_backup(installation, chain[0].manifest)

    with server_failures(), owner_connection(route.shard) as connection:
        with backup_lock(route), fenced(connection, route):
            missing = documents_returned(installation, documents_of(chain), route.clinic_id)

            with (
                staged(installation, chain, route, until=until, progress=progress) as staging,
                neither_sealed_nor_migrated(connection, route.schema),
            ):
                changed, kept, since = _carry_over(staging, route.schema, chain[-1], until)
                point = swap(
                    connection,
                    live=route.schema,
                    staging=staging.schema,
                    clinic_id=route.clinic_id,
                    digest=migration_digest(),
                    since=since,
                )

    return Restored.of(
        staging,
        chain[-1],
        changed=changed,
        missing=missing,
        kept=kept,
        restore_point=point.schema,
    )


def _carry_over(
    staging: Staging, live: str, last: Signed, until: datetime | None
) -> tuple[int, int, str]:
    """Carry the live schema's trail and sign-ins over to the one aside, and record the restore.

    Returns how many objects changed, how many rows were carried over, and until which snapshot.
    """
    with staging.connection.transaction(), staging.connection.cursor() as cursor:
        refuse_behind(staging.connection, live)
        set_actor(cursor)
        kept, since = keep_trail(cursor, live)
        keep_sign_ins(cursor, live)
        changed = record_reached(cursor, staging, last, until)

    return changed, kept, since
