"""The keys of all objects in the store.

README.md, restore.sh, increments.sql          how a person restores without this software
ddl/<fingerprint>/structure.sql, rules.sql     definitions of schemas, shared by all clinics
clinics/<clinic>/manifests/<backup>.jsonl      one for each backup, written last
clinics/<clinic>/data/<backup>/<name>.zst.age  what only one backup refers to
clinics/<clinic>/documents/<sha256>.<backup>.zst.age
                                               a document's file, for that backup and later ones
"""

import re
from uuid import UUID

SEALED = ".zst.age"  # ends the keys of compressed and encrypted objects
STRUCTURE, RULES = "structure.sql", "rules.sql"

_KEY = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*")


def is_key(key: str) -> bool:
    """Whether stores take this key: parts of letters, digits, `_`, `-` and `.`, none hidden."""
    return len(key) <= 900 and _KEY.fullmatch(key) is not None


def manifests_prefix(clinic_id: UUID) -> str:
    """The prefix of all manifests of a clinic."""
    return f"clinics/{clinic_id}/manifests/"


def manifest_key(clinic_id: UUID, backup_id: UUID) -> str:
    """The key of a backup's manifest, which marks it as complete."""
    return f"{manifests_prefix(clinic_id)}{backup_id}.jsonl"


def data_prefix(clinic_id: UUID, backup_id: UUID | None = None) -> str:
    """The prefix of the objects of one backup, or of all backups of the clinic."""
    every = f"clinics/{clinic_id}/data/"
    return every if backup_id is None else f"{every}{backup_id}/"


def data_key(clinic_id: UUID, backup_id: UUID, name: str) -> str:
    """The key of a sealed object of one backup; a full's stream is named `data.sql`."""
    return f"{data_prefix(clinic_id, backup_id)}{name}{SEALED}"


def documents_prefix(clinic_id: UUID) -> str:
    """The prefix of the clinic's documents."""
    return f"clinics/{clinic_id}/documents/"


def document_key(clinic_id: UUID, sha256: str, backup_id: UUID) -> str:
    """The key of a sealed document, by the SHA-256 of its content and the backup that wrote it.

    So a document can be sealed again, for other recipients or because its object was damaged.
    """
    return f"{documents_prefix(clinic_id)}{sha256}.{backup_id}{SEALED}"


def ddl_key(fingerprint: str, part: str) -> str:
    """The key of a part of a definition: STRUCTURE or RULES."""
    return f"ddl/{fingerprint}/{part}"
