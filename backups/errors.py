"""What can go wrong with a backup. Each message is one line for operators, with the next step."""

from uuid import UUID

from core.errors import FisioFlowError


class BackupError(FisioFlowError):
    """A backup can't be made, read or removed."""

    code = "backup_failed"


class NotConfigured(BackupError):
    """A setting of the backups is missing or malformed."""

    code = "backup_not_configured"

    def __init__(self, setting: str, reason: str) -> None:
        super().__init__(f"{setting} {reason}")


class StoreError(BackupError):
    """The store of backups failed.

    Two sentences: `what` went wrong with the object `key`, and what to `do` next.
    """

    code = "backup_store_failed"

    def __init__(self, key: str, what: str, do: str) -> None:
        super().__init__(f"{what} {do}", key=key)


class ObjectExists(StoreError):
    """The store holds an object of this key already, and objects are never overwritten."""

    code = "backup_object_exists"

    def __init__(self, key: str) -> None:
        super().__init__(key, "The store has this object already.", "Another run wrote it first.")


class ObjectMissing(StoreError):
    """The store has no object of this key."""

    code = "backup_object_missing"

    def __init__(self, key: str) -> None:
        super().__init__(
            key, "The store has no such object.", "Use another backup, or look for a copy of it."
        )


class SealBroken(BackupError):
    """A sealed object isn't what was written."""

    code = "backup_seal_broken"

    def __init__(self, key: str, message: str | None = None) -> None:
        super().__init__(message, key=key)


class CutShort(SealBroken):
    """The object ends too early: a part of it is lost. Use another backup."""

    code = "backup_cut_short"


class TrailingBytes(SealBroken):
    """The object goes on after its end: something was added to it. Use another backup."""

    code = "backup_trailing_bytes"


class Altered(SealBroken):
    """The object's bytes aren't the ones that were written. Use another backup."""

    code = "backup_altered"


class WrongKey(SealBroken):
    """The object is whole, but no identity opens it. Give the one of its recipients."""

    code = "backup_wrong_key"


class WrongContent(SealBroken):
    """The object is whole, but its content isn't what the manifest says. Use another backup."""

    code = "backup_wrong_content"


class DocumentsDamaged(BackupError):
    """Files of the backup are damaged in the store. Make a full backup: it writes them again."""

    code = "backup_documents_damaged"


class FilesFailed(BackupError):
    """The storage of the clinics' files failed. Fix it, then run the command again."""

    code = "backup_files_failed"


class ManifestRefused(BackupError):
    """A manifest can't be trusted."""

    code = "backup_manifest_refused"

    def __init__(self, key: str, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The manifest is refused: {reason}", key=key)


class ChainBroken(BackupError):
    """A backup can't be restored, because the ones below it don't fit together."""

    code = "backup_chain_broken"

    def __init__(self, backup_id: UUID, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The chain of this backup is broken: {reason}", backup=backup_id)


class SweepRefused(BackupError):
    """Nothing was swept: what a manifest that can't be read refers to is unknown."""

    code = "backup_sweep_refused"


class NotAPrimary(BackupError):
    """The shard's address leads to a standby, whose snapshot would lose rows. Use the primary's."""

    code = "backup_not_a_primary"


class SchemaMissing(BackupError):
    """The clinic's schema is not on its shard."""

    code = "backup_schema_missing"


class NoSuchBackup(BackupError):
    """The store has no such backup that can be restored. List them: manage.py backups."""

    code = "backup_missing"


class NotCovered(BackupError):
    """The backups of that time end before that moment. Choose one until the end."""

    code = "backup_not_covered"


class NewestRefused(BackupError):
    """The newest full backup can't be restored; an older one can. Make a full at once."""

    code = "backup_newest_refused"


class SchemaTooNew(BackupError):
    """The backup has migrations that this software doesn't know. Restore with a newer release."""

    code = "backup_schema_too_new"


class ClinicBehind(BackupError):
    """The clinic lacks migrations. Run manage.py migrate_clinics, then try again."""

    code = "backup_clinic_behind"


class RowsDiffer(BackupError):
    """The rows that were restored aren't those of the backup. Use another backup."""

    code = "backup_rows_differ"


class HistoryDiffers(BackupError):
    """What was restored isn't what its own history says. Use another moment or backup."""

    code = "backup_history_differs"


class ServerFailed(BackupError):
    """A database server failed. Fix it, then run the command again."""

    code = "backup_server_failed"


class ClinicBusy(BackupError):
    """A transaction of the clinic doesn't end. End it, or try again later."""

    code = "backup_clinic_busy"


class BackupRunning(BackupError):
    """Another backup or restore of this clinic is at work. Let it end, then try again."""

    code = "backup_running"


class NoRestorePoint(BackupError):
    """There is no restore point of this clinic: nothing to undo."""

    code = "backup_no_restore_point"


class WrittenSince(BackupError):
    """People wrote since the restore. To take that back give --discard: the histories keep it."""

    code = "backup_written_since"


class PlaceTaken(BackupError):
    """The clinic is there already. Restore it in place, or as a copy: restore --as."""

    code = "backup_place_taken"


class SchemaInTheWay(BackupError):
    """The shard has a schema of this name that isn't the clinic's. Look into it, then rename it."""

    code = "backup_schema_in_the_way"


class RowsUnknown(BackupError):
    """The backup has no such rows. Name a table with a history, and one of its columns."""

    code = "backup_rows_unknown"


# One object is missing or damaged; the store as a whole works.
UNSOUND = (ObjectMissing, SealBroken)
