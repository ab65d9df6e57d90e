"""What a restore did, and its record in the clinic's histories and trail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backups.format.manifests import Signed
from backups.restore.carried_trail import record_restore
from backups.restore.staging import Staging


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: the moment it reached, by which clock, and what it changed.

    `changed` counts objects, `kept` rows of the trail that were carried over, `lost` passwords that
    must be set anew. `restore_point` is the schema that was replaced ("": none).
    """

    backup_id: UUID
    reached: datetime
    by_commit: bool
    changed: int
    kept: int
    lost: int
    restore_point: str
    documents_missing: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        staging: Staging,
        last: Signed,
        *,
        changed: int,
        missing: tuple[str, ...],
        kept: int = 0,
        restore_point: str = "",
    ) -> "Restored":
        """The outcome of giving the schema built aside its place; `last` is the chain's last."""
        return cls(
            backup_id=last.manifest.backup_id,
            reached=staging.reached,
            by_commit=staging.by_commit,
            changed=changed,
            kept=kept,
            lost=staging.lost,
            restore_point=restore_point,
            documents_missing=missing,
        )

    def as_json(self) -> dict[str, object]:
        """The fields of a command's output."""
        return {
            "backup": str(self.backup_id),
            "reached": self.reached.isoformat(),
            "clock": "commit time" if self.by_commit else "time of each change",
            "objects_changed": self.changed,
            "trail_rows_kept": self.kept,
            "passwords_lost": self.lost,
            "restore_point": self.restore_point,
            "documents_missing": {
                "count": len(self.documents_missing),
                "names": list(self.documents_missing),
            },
        }


def record_reached(cursor: Any, staging: Staging, last: Signed, until: datetime | None) -> int:
    """Record the restore, and what it changed, in the schema built aside.

    Returns how many objects it changed.
    """
    details = {"backup": last.manifest.backup_id, "reached": staging.reached}
    reason = f"restore to {(until or staging.reached).isoformat(timespec='seconds')}"
    return record_restore(cursor, reason=reason, details=details)
