"""The settings of backups: what they mean, and the one line that names a wrong one."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pytest_django import Settings

from backups.errors import NotConfigured
from backups.format.keys import make_identity, make_signing_key, read_identities, read_recipients
from backups.format.sealing import seal, unseal
from backups.installation import Installation
from backups.stores import FolderStore
from backups.stores.s3 import S3Store
from tests.backups.conftest import Keyring, keys_of

pytestmark = pytest.mark.without_database


@pytest.fixture
def configured(settings: Settings, ours: Keyring, tmp_path: Path) -> Settings:
    settings.BACKUP_STORE_URL = (tmp_path / "a folder").as_uri()
    settings.BACKUP_RECIPIENTS = [str(recipient) for recipient in ours.recipients]
    settings.BACKUP_SIGNING_KEY_FILE = str(ours.signing_key_file)
    settings.BACKUP_TRUSTED_KEYS = []
    settings.BACKUP_IDENTITY_FILE = str(ours.identity_file)
    return settings


def test_an_installation_seals_and_opens_with_its_settings(
    configured: Settings, tmp_path: Path
) -> None:
    store = Installation().store

    assert isinstance(store, FolderStore)
    assert store.root == tmp_path / "a folder"

    item = seal(store, "a", [b"x"], Installation().recipients)
    got: list[bytes] = []
    unseal(store, item, Installation().identities, got.append)

    assert got == [b"x"]
    assert Installation().retention == timedelta(days=30)


def test_a_bucket_has_a_prefix_and_perhaps_an_endpoint(configured: Settings, moto: str) -> None:
    configured.BACKUP_STORE_URL = "s3://fisioflow-backups/production/"
    configured.BACKUP_STORE_ENDPOINT_URL = moto
    store = Installation().store

    assert isinstance(store, S3Store)

    store._client.create_bucket(Bucket="fisioflow-backups")
    store.create("a", b"x")
    (found,) = store._client.list_objects_v2(Bucket="fisioflow-backups")["Contents"]

    assert found["Key"] == "production/a"
    assert keys_of(store) == ["a"]


def test_our_own_signature_is_trusted_and_those_that_are_listed(
    configured: Settings, ours: Keyring, strangers: Keyring
) -> None:
    assert Installation().signing_key.public == ours.signing.public
    assert Installation().trusted == ours.trusted

    configured.BACKUP_TRUSTED_KEYS = [strangers.signing.public]
    assert Installation().trusted == ours.trusted | strangers.trusted

    configured.BACKUP_SIGNING_KEY_FILE = ""  # an installation that only restores has none
    assert Installation().trusted == strangers.trusted


@pytest.mark.parametrize(
    ("setting", "value", "asked", "why"),
    [
        ("STORE_URL", "file:///", "store", "must be file:///folder"),
        ("STORE_URL", "file://host/x", "store", "must be file:///folder"),
        ("STORE_URL", "s3:///x", "store", "must be file:///folder"),
        ("RECIPIENTS", [], "recipients", "is empty"),
        ("RECIPIENTS", ["age1nobody"], "recipients", "holds no age recipient"),
        ("SIGNING_KEY_FILE", "", "signing_key", "is not set"),
        ("SIGNING_KEY_FILE", "/nowhere", "signing_key", "No such file"),
        ("SIGNING_KEY_FILE", __file__, "signing_key", "can't be used"),
        ("TRUSTED_KEYS", ["xyz"], "trusted", "32 bytes in base64"),
        ("TRUSTED_KEYS", ["c2hvcnQ="], "trusted", "32 bytes in base64"),
        ("IDENTITY_FILE", "/nowhere", "identities", "No such file"),
        ("IDENTITY_FILE", __file__, "identities", "a line is no age identity"),
        ("IDENTITY_FILE", "/dev/null", "identities", "it holds no identity"),
    ],
)
def test_a_wrong_setting_is_named(
    configured: Settings, setting: str, value: Any, asked: str, why: str
) -> None:
    setattr(configured, f"BACKUP_{setting}", value)
    with pytest.raises(NotConfigured, match=f"BACKUP_{setting} .*{why}"):
        getattr(Installation(), asked)


def test_without_any_trusted_key_nothing_is_believed(configured: Settings) -> None:
    configured.BACKUP_SIGNING_KEY_FILE = ""
    with pytest.raises(NotConfigured, match="no backup would be believed"):
        _ = Installation().trusted


def test_a_key_of_another_kind_signs_nothing(configured: Settings, tmp_path: Path) -> None:
    key = generate_private_key(SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "ec.pem").write_bytes(pem)
    configured.BACKUP_SIGNING_KEY_FILE = str(tmp_path / "ec.pem")
    with pytest.raises(NotConfigured, match="not an Ed25519 key"):
        _ = Installation().signing_key


@pytest.mark.parametrize("make", [make_identity, make_signing_key])
def test_keys_are_readable_only_by_their_owner_and_never_overwritten(
    make: Callable[[Path], str], tmp_path: Path
) -> None:
    path = tmp_path / "key"
    public = make(path)

    assert path.stat().st_mode & 0o777 == 0o600

    before = path.read_bytes()

    with pytest.raises(FileExistsError):
        make(path)
    assert path.read_bytes() == before
    assert b"PRIVATE KEY" in before or public.encode() in before


def test_a_file_of_several_identities_opens_old_backups_too(
    folder: FolderStore, tmp_path: Path
) -> None:
    old, new = (make_identity(tmp_path / name) for name in ("old", "new"))
    item = seal(folder, "a", [b"x"], read_recipients([old]))
    both = tmp_path / "both"
    both.write_text((tmp_path / "new").read_text() + "\n" + (tmp_path / "old").read_text())
    got: list[bytes] = []
    unseal(folder, item, read_identities(both), got.append)

    assert got == [b"x"]
    assert new != old
