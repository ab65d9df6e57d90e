"""Stores of every kind, keys, manifests of norte and sul, and a clinic to back up."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from backups.format.keys import (
    Identity,
    Recipient,
    SigningKey,
    make_identity,
    make_signing_key,
    read_identities,
    read_recipients,
    read_signing_key,
)
from backups.format.manifests import (
    BackupKind,
    DirectoryRecord,
    Manifest,
    Origin,
    Signed,
    SnapshotRange,
    write_manifest,
)
from backups.installation import Installation
from backups.stores import FolderStore, Store
from backups.stores.s3 import S3Store, s3_client
from core.ids import uuid7
from tenants.context import platform_scope
from tenants.models import Clinic
from tests.people import FreshClinic

NORTE = UUID("0192f000-0000-7000-8000-000000000001")
SUL = UUID("0192f000-0000-7000-8000-000000000002")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ACCESS = {"AWS_ACCESS_KEY_ID": "fisioflow", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}


# --- Stores ------------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def credentials() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (ACCESS | {"AWS_EC2_METADATA_DISABLED": "true"}).items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """The address of an S3 that knows conditional writes and Object Lock."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@dataclass
class Rclone:
    """An S3 of real files, in a process of its own."""

    folder: Path
    port: int = 0
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

        program = str(Path(sys.executable).parent / "rclone")
        served = ["serve", "s3", str(self.folder), "--addr", f"127.0.0.1:{self.port}"]
        access = ["--auth-key", ",".join(ACCESS.values()), "--config", os.devnull]
        self.process = subprocess.Popen(
            [program, *served, *access], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)

        raise TimeoutError("rclone doesn't listen")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def rclone(tmp_path: Path) -> Iterator[Rclone]:
    server = Rclone(tmp_path / "rclone")
    (server.folder / "backups").mkdir(parents=True)
    server.start()
    yield server
    server.kill()


def bucket(address: str, *, lock: bool = False, **options: Any) -> S3Store:
    """A store in a new bucket."""
    client = s3_client(address, attempts=2, **options)
    name = f"b-{uuid7()}"
    client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock)
    return S3Store(client, name, "production/")


@pytest.fixture
def folder(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture(params=["folder", "moto", "rclone"])
def store(request: pytest.FixtureRequest) -> Store:
    """Each kind of store in turn."""
    if request.param == "folder":
        found: Store = request.getfixturevalue("folder")
    elif request.param == "moto":
        found = bucket(request.getfixturevalue("moto"))
    else:
        server = request.getfixturevalue("rclone")
        found = S3Store(s3_client(server.address, attempts=2), "backups", "production/")

    return found


def content_of(store: Store, key: str) -> bytes:
    with store.reading(key) as reader:
        return b"".join(iter(lambda: reader.read(100_000), b""))


def keys_of(store: Store, prefix: str = "") -> list[str]:
    return [item.key for item in store.listed(prefix)]


# --- Keys --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Keyring:
    """The keys of one installation."""

    identity_file: Path
    signing_key_file: Path
    recipients: list[Recipient]
    identities: list[Identity]
    signing: SigningKey

    @property
    def trusted(self) -> set[str]:
        return {self.signing.public}


def make_keyring(folder: Path) -> Keyring:
    folder.mkdir()
    recipient = make_identity(folder / "identity.txt")
    make_signing_key(folder / "signing.pem")

    return Keyring(
        identity_file=folder / "identity.txt",
        signing_key_file=folder / "signing.pem",
        recipients=read_recipients([recipient]),
        identities=read_identities(folder / "identity.txt"),
        signing=read_signing_key(folder / "signing.pem"),
    )


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return make_keyring(tmp_path_factory.mktemp("keys") / "ours")


@pytest.fixture(scope="session")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return make_keyring(tmp_path_factory.mktemp("keys") / "strangers")


# --- Manifests ---------------------------------------------------------------------------------


FACTS = DirectoryRecord(
    name='Clínica"Norte"',
    plan="starter",
    time_zone="America/Manaus",
    state="AM",
    closed=False,
    domains=("norte.localhost",),
)


def manifest_of(clinic: UUID = NORTE, **changes: Any) -> Manifest:
    """A full backup of a clinic without tables."""
    facts: dict[str, Any] = {
        "backup_id": uuid7(),
        "clinic_id": clinic,
        "schema_name": "norte" if clinic == NORTE else "sul",
        "facts": FACTS,
        "kind": BackupKind.FULL,
        "parent": None,
        "created_at": NOW,
        "origin": Origin(shard="shard_1", system_identifier="7433021", timeline=1, incarnation="1"),
        "ddl_fingerprint": "ab" * 32,
        "migration_digest": "f00",
        "snapshots": SnapshotRange(start=None, end="100:100:"),
        "since": None,
        "recipients": (),
        "ddl": (),
        "objects": (),
        "tables": (),
        "documents": (),
        "software": "0.1.0",
    }
    return Manifest(**(facts | changes))


def increment_of(older: Signed, **changes: Any) -> Manifest:
    """An increment that continues the backup."""
    below = older.manifest
    end = f"{int(below.snapshots.end.split(':')[0]) + 100}"
    facts: dict[str, Any] = {
        "backup_id": uuid7(),
        "kind": BackupKind.INCREMENT,
        "parent": older.as_parent,
        "snapshots": SnapshotRange(start=below.snapshots.end, end=f"{end}:{end}:"),
        "since": older.since(changes.get("documents", ())),
        "objects": (),
    }

    return replace(below, **(facts | changes))


@pytest.fixture
def written(folder: FolderStore, ours: Keyring) -> Callable[[Manifest], Signed]:
    """`written(manifest)` signs the manifest and puts it into the folder."""
    return lambda manifest: write_manifest(folder, manifest, ours.signing)


@pytest.fixture
def configured(tmp_path: Path, settings: Settings) -> Store:
    """The store that the settings name, with keys of its own, as on a server that makes backups."""
    settings.BACKUP_STORE_URL = (tmp_path / "store").as_uri()
    settings.BACKUP_SIGNING_KEY_FILE = str(tmp_path / "signing.pem")
    settings.BACKUP_IDENTITY_FILE = str(tmp_path / "identity.txt")
    settings.BACKUP_RECIPIENTS = [make_identity(tmp_path / "identity.txt")]
    make_signing_key(tmp_path / "signing.pem")
    return Installation().store


@pytest.fixture
def folder_of_files(settings: Settings, tmp_path: Path) -> Path:
    """The storage of files in a folder, as on a single server."""
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "files")},
        }
    }
    return tmp_path / "files"


@pytest.fixture
def clinic(fresh_clinic: FreshClinic, configured: Store) -> Clinic:
    """A committed clinic of the directory, and a store for its backups."""
    with platform_scope():
        found: Clinic = Clinic.objects.get(id=fresh_clinic.route.clinic_id)
    return found
