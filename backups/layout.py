"""Where everything lies in the store.

README.md, restore.sh, increments.sql          how a person restores without this software
ddl/<fingerprint>/structure.sql, rules.sql     definitions of schemas, shared by all clinics
clinics/<clinic>/manifests/<backup>.jsonl      one for each backup; none: not a backup
clinics/<clinic>/data/<backup>/<name>.zst.age  what one backup alone refers to
clinics/<clinic>/documents/<sha256>.<backup>.zst.age
                                               a document's file, for that backup and later ones
"""

import re
from uuid import UUID

SEALED = ".zst.age"  # how the key of an object ends that is compressed and encrypted
STRUCTURE, RULES = "structure.sql", "rules.sql"

_KEY = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*")


def is_key(key: str) -> bool:
    """Whether a store takes it: parts of letters, digits, `_`, `-` and `.`, none hidden."""
    return len(key) <= 900 and _KEY.fullmatch(key) is not None


def manifests_prefix(clinic_id: UUID) -> str:
    """Of all manifests of a clinic."""
    return f"clinics/{clinic_id}/manifests/"


def manifest_key(clinic_id: UUID, backup_id: UUID) -> str:
    """Of the manifest, the commit mark of a backup."""
    return f"{manifests_prefix(clinic_id)}{backup_id}.jsonl"


def data_prefix(clinic_id: UUID, backup_id: UUID | None = None) -> str:
    """Of the objects that belong to one backup, or to any backup of the clinic."""
    every = f"clinics/{clinic_id}/data/"
    return every if backup_id is None else f"{every}{backup_id}/"


def data_key(clinic_id: UUID, backup_id: UUID, name: str) -> str:
    """Of a sealed object of one backup; a full's stream is named `data.sql`."""
    return f"{data_prefix(clinic_id, backup_id)}{name}{SEALED}"


def documents_prefix(clinic_id: UUID) -> str:
    """Of the clinic's documents' files."""
    return f"clinics/{clinic_id}/documents/"


def document_key(clinic_id: UUID, sha256: str, backup_id: UUID) -> str:
    """Of a sealed file, by the SHA-256 of its content and the backup that wrote it.

    So a file can be sealed again, for others or because its object was damaged.
    """
    return f"{documents_prefix(clinic_id)}{sha256}.{backup_id}{SEALED}"


def ddl_key(fingerprint: str, part: str) -> str:
    """Of a definition's part: STRUCTURE or RULES."""
    return f"ddl/{fingerprint}/{part}"
