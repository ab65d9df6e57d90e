"""A manifest is believed if a trusted key signed it, and it is in its own place."""

import hashlib
import json
import subprocess
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backups.errors import ManifestRefused, ObjectExists, ObjectMissing
from backups.format.canonical import decoded, encoded
from backups.format.manifests import (
    BackupKind,
    DocumentCopy,
    Manifest,
    Signed,
    Table,
    read_manifest,
    write_manifest,
)
from backups.format.objects import PlainObject, SealedObject, digest_of
from backups.stores import FolderStore, Store
from backups.stores.layout import ddl_key, document_key, manifest_key
from core.ids import uuid7
from tests.backups.conftest import (
    NORTE,
    NOW,
    SUL,
    Keyring,
    content_of,
    increment_of,
    manifest_of,
)

pytestmark = pytest.mark.without_database
Write = Callable[[Manifest], Signed]


def full_of_norte() -> Manifest:
    """A manifest with one of everything."""
    bare = manifest_of()
    own = f"clinics/{NORTE}/data/{bare.backup_id}/data.sql.zst.age"
    laudo = digest_of(b"laudo")

    return replace(
        bare,
        ddl=(PlainObject(key=ddl_key("ab", "rules.sql"), stored=digest_of(b"ALTER")),),
        objects=(SealedObject(key=own, stored=digest_of(b"sealed"), content=digest_of(b"rows")),),
        tables=(Table(name="patients", rows=2, rows_hash="0f", first_byte=7, end_byte=90),),
        documents=(
            DocumentCopy(
                name="documents/1",
                file=SealedObject(
                    key=document_key(NORTE, laudo.sha256, bare.backup_id),
                    stored=digest_of(b"s"),
                    content=laudo,
                ),
            ),
        ),
    )


def test_a_manifest_is_read_as_it_was_written(store: Store, ours: Keyring) -> None:
    manifest = full_of_norte()
    signed = write_manifest(store, manifest, ours.signing)

    assert read_manifest(store, NORTE, manifest.backup_id, ours.trusted) == signed
    assert signed.manifest == manifest
    assert signed.sha256 == hashlib.sha256(content_of(store, manifest.key)).hexdigest()
    assert [item.key for item in manifest.stored_objects] == [
        manifest.ddl[0].key,
        manifest.objects[0].key,
        manifest.documents[0].file.key,
    ]


def test_a_backup_is_written_once(folder: FolderStore, ours: Keyring, written: Write) -> None:
    manifest = full_of_norte()
    signed = written(manifest)
    with pytest.raises(ObjectExists):
        written(replace(manifest, created_at=NOW + timedelta(hours=1)))
    assert read_manifest(folder, NORTE, manifest.backup_id, ours.trusted) == signed


def test_without_a_manifest_nothing_is_read(folder: FolderStore, ours: Keyring) -> None:
    with pytest.raises(ObjectMissing):
        read_manifest(folder, NORTE, uuid7(), ours.trusted)


# --- Refused manifests -------------------------------------------------------------------------


def refused(folder: FolderStore, ours: Keyring, manifest: Manifest, why: str) -> None:
    with pytest.raises(ManifestRefused, match=why) as caught:
        read_manifest(folder, manifest.clinic_id, manifest.backup_id, ours.trusted)
    assert "\n" not in str(caught.value)
    assert manifest.key in str(caught.value)


def test_a_strangers_signature_is_refused(
    folder: FolderStore, ours: Keyring, strangers: Keyring
) -> None:
    signed = write_manifest(folder, manifest_of(), strangers.signing)
    refused(folder, ours, signed.manifest, "isn't one of BACKUP_TRUSTED_KEYS")


def test_our_key_beside_a_strangers_signature_is_refused(
    folder: FolderStore, ours: Keyring, strangers: Keyring
) -> None:
    signed = write_manifest(folder, manifest_of(), strangers.signing)
    path = folder.root / signed.manifest.key
    forged = path.read_text().replace(strangers.signing.public, ours.signing.public)
    path.write_text(forged)
    refused(folder, ours, signed.manifest, "signature doesn't fit")


@pytest.mark.parametrize("elsewhere", ["another clinic", "another backup"])
def test_a_manifest_that_was_moved_is_refused(
    folder: FolderStore, ours: Keyring, written: Write, elsewhere: str
) -> None:
    """Sul must not be restored from norte's backup, however well it is signed."""
    norte = written(full_of_norte()).manifest
    place = manifest_of(SUL, backup_id=norte.backup_id)
    if elsewhere == "another backup":
        place = manifest_of(NORTE)
    folder.create(place.key, content_of(folder, norte.key))

    refused(folder, ours, place, "was moved here")


@settings(max_examples=100, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere(
    tmp_path_factory: pytest.TempPathFactory, ours: Keyring, share: float, bit: int
) -> None:
    folder = FolderStore(tmp_path_factory.mktemp("store"))
    manifest = write_manifest(folder, full_of_norte(), ours.signing).manifest
    content = bytearray(content_of(folder, manifest.key))
    content[int(share * len(content))] ^= 1 << bit
    (folder.root / manifest.key).write_bytes(content)

    refused(folder, ours, manifest, "is refused")


def test_a_cut_anywhere_and_bytes_after_the_end_are_refused(
    folder: FolderStore, ours: Keyring, written: Write
) -> None:
    manifest = written(full_of_norte()).manifest
    whole = content_of(folder, manifest.key)

    for place in range(0, len(whole), 7):
        (folder.root / manifest.key).write_bytes(whole[:place])
        refused(folder, ours, manifest, "cut short or altered")

    for more in (b"x", b"\n", b" ", whole):
        (folder.root / manifest.key).write_bytes(whole + more)
        refused(folder, ours, manifest, "cut short or altered")


def signed_text(ours: Keyring, line: bytes) -> bytes:
    signature = b64encode(ours.signing.sign(line)).decode()
    said = {"key": ours.signing.public, "signature": signature}
    return line + json.dumps(said, separators=(",", ":")).encode() + b"\n"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda line: line.replace(b'"format":1', b'"format":2'), "has format 2; this .* knows 1"),
        (lambda line: line.replace(b'"tables":', b'"more":1,"tables":'), "not a Manifest"),
        (lambda line: line.replace(b'"format":1', b'"format":1,"format":1'), "not the canonical"),
        (lambda line: line.replace(b":", b": ", 1), "not the canonical"),
        (lambda line: line.replace(b'"timeline":1', b'"timeline":"1"'), "not a Manifest"),
        (lambda line: line.replace(b'"timeline":1', b'"timeline":true'), "not a Manifest"),
        (lambda line: line.replace(b'"kind":"full"', b'"kind":"half"'), "'half' is not"),
        (lambda line: line.replace(b"/data.sql", b"/../data.sql"), "an object outside"),
        (lambda line: line.replace(b'"kind":"full"', b'"kind":"increment"'), "has a parent"),
    ],
)
def test_a_manifest_of_ours_that_we_cant_read_is_refused(
    folder: FolderStore, ours: Keyring, change: Callable[[bytes], bytes], why: str
) -> None:
    manifest = full_of_norte()
    folder.create(manifest.key, signed_text(ours, change(encoded(manifest)) + b"\n"))
    refused(folder, ours, manifest, why)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": BackupKind.INCREMENT},
        {"ddl": (PlainObject(key="clinics/x", stored=digest_of(b"")),)},
        {
            "objects": (
                SealedObject(
                    key=document_key(SUL, "ab", uuid7()),
                    stored=digest_of(b""),
                    content=digest_of(b""),
                ),
            )
        },
    ],
)
def test_a_manifest_that_readers_would_refuse_isnt_written(
    written: Write, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ManifestRefused):
        written(replace(full_of_norte(), **wrong))


def test_an_increment_names_its_parent(folder: FolderStore, ours: Keyring, written: Write) -> None:
    full = written(full_of_norte())
    child = written(increment_of(full))
    read = read_manifest(folder, NORTE, child.manifest.backup_id, ours.trusted)
    assert read.manifest.parent == full.as_parent


def test_openssl_checks_a_signature_without_us(
    folder: FolderStore, ours: Keyring, written: Write, tmp_path: Path
) -> None:
    manifest = written(full_of_norte()).manifest
    path = folder.root / manifest_key(NORTE, manifest.backup_id)
    check = f"""
    head -n 1 {path} > manifest
    sed -n '2s/.*"signature":"\\([^"]*\\)".*/\\1/p' {path} | openssl base64 -d -A > signature
    printf -- '-----BEGIN PUBLIC KEY-----\\nMCowBQYDK2VwAyEA%s\\n-----END PUBLIC KEY-----\\n' \\
        '{ours.signing.public}' > key.pem
    openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in manifest -sigfile signature
    """
    done = subprocess.run(["sh", "-euc", check], cwd=tmp_path, capture_output=True, check=True)

    assert b"Verified Successfully" in done.stdout


def test_canonical_json_has_one_spelling() -> None:
    line = encoded(full_of_norte())

    assert b'"created_at":"2026-11-20T12:00:00.000000Z"' in line
    assert b" " not in line
    assert b"\n" not in line
    assert encoded(decoded(Manifest, line)) == line

    for nonsense in (b"", b"[]", b"null", b"{}", b'{"format":1}', b"\xff", b"[" * 100_000):
        with pytest.raises(ValueError):
            decoded(Manifest, nonsense)
