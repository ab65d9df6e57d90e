"""Files of a clinic, and damages to their objects in a folder of backups."""

from collections.abc import Callable
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from backups.stores import FolderStore
from tenants.models import Clinic
from tests.people import FreshClinic


def kept_file(clinic: Clinic | FreshClinic, content: bytes, name: str = "a") -> str:
    """Put a file into the clinic's folder of the storage; returns its name there."""
    clinic_id = clinic.id if isinstance(clinic, Clinic) else clinic.route.clinic_id
    return default_storage.save(f"{clinic_id}/documents/{name}", ContentFile(content))


def content_of_file(name: str) -> bytes:
    with default_storage.open(name) as file:
        return bytes(file.read())


def _write(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        path.chmod(0o600)
        path.write_bytes(change(path.read_bytes()))

    return damage


DAMAGES: dict[str, Callable[[Path], None]] = {
    "missing": Path.unlink,
    "a flipped bit": _write(lambda whole: whole[:-1] + bytes([whole[-1] ^ 1])),
    "cut short": _write(lambda whole: whole[: len(whole) // 2]),
    "nothing left": _write(lambda _: b""),
    "a byte too many": _write(lambda whole: whole + b"\0"),
}


def damaged(store: FolderStore, key: str, what: str) -> None:
    DAMAGES[what](store.root / key)
