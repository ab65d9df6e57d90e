"""A sealed object gives back what went in, or an error that says why."""

import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pyrage
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from backups.errors import (
    Altered,
    CutShort,
    ObjectMissing,
    SealBroken,
    StoreError,
    TrailingBytes,
    WrongContent,
    WrongKey,
)
from backups.format.objects import SealedObject, digest_of, verify_stored
from backups.format.sealing import HELD_BACK, seal, unseal
from backups.stores import FolderStore, Store
from tests.backups.conftest import Keyring, content_of, keys_of

pytestmark = pytest.mark.without_database
KEY = "clinics/a/data/b/data.sql.zst.age"
# Two age chunks (64 KiB) after compression: random bytes don't get smaller.
RANDOM = b"".join(digest_of(bytes([n % 256, n // 256])).sha256.encode() for n in range(4000))


def opened(store: Store, item: SealedObject, keys: Keyring) -> bytes:
    content = bytearray()
    unseal(store, item, keys.identities, content.extend)
    return bytes(content)


def replace(store: FolderStore, item: SealedObject, content: bytes) -> None:
    """Replace the object's bytes, as a failing disk or a stranger would."""
    (store.root / item.key).write_bytes(content)


@settings(max_examples=50, deadline=None)
@given(chunks=st.lists(st.binary(max_size=2000), max_size=20), repeated=st.integers(1, 300))
def test_sealed_content_comes_out_unchanged(
    tmp_path_factory: pytest.TempPathFactory, ours: Keyring, chunks: list[bytes], repeated: int
) -> None:
    store = FolderStore(tmp_path_factory.mktemp("store"))
    content = b"".join(chunks) * repeated
    item = seal(store, KEY, iter(chunks * repeated), ours.recipients)

    assert item.content == digest_of(content)
    assert item.stored == digest_of(content_of(store, KEY))
    assert opened(store, item, ours) == content

    verify_stored(store, item)


def test_every_store_keeps_sealed_objects(store: Store, ours: Keyring) -> None:
    item = seal(store, KEY, [RANDOM] * 40, ours.recipients)
    assert opened(store, item, ours) == RANDOM * 40


def test_a_second_recipient_opens_it_too(
    folder: FolderStore, ours: Keyring, strangers: Keyring
) -> None:
    item = seal(folder, KEY, [b"x"], ours.recipients + strangers.recipients)
    assert opened(folder, item, ours) == opened(folder, item, strangers) == b"x"


# --- Damage ------------------------------------------------------------------------------------


Whole = tuple[FolderStore, SealedObject, bytes]  # the store, the object, the stored bytes


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, ours: Keyring) -> Whole:
    store = FolderStore(tmp_path_factory.mktemp("sealed"))
    item = seal(store, KEY, [RANDOM], ours.recipients)
    return store, item, content_of(store, KEY)


def damaged(whole: Whole, ours: Keyring, content: bytes, error: type[SealBroken]) -> None:
    """Check that it is refused with this error, and that the end never came out."""
    store, item, _ = whole
    replace(store, item, content)
    got = bytearray()

    with pytest.raises(error):
        unseal(store, item, ours.identities, got.extend)
    assert RANDOM.startswith(bytes(got))
    assert len(got) <= len(RANDOM) - HELD_BACK
    with pytest.raises(error):
        verify_stored(store, item)


def boundaries(content: bytes) -> Iterator[int]:
    """The ends of age's parts: its lines, its nonce, each chunk with its tag."""
    header = content.index(b"\n", content.index(b"\n---")) + 1
    yield from (n for n in range(header) if content[n - 1 : n] == b"\n")
    yield from (header, header + 16)
    yield from range(header + 16, len(content), 64 * 1024 + 16)


def test_a_cut_at_every_kind_of_place_is_reported(whole: Whole, ours: Keyring) -> None:
    content = whole[2]
    places = {0, 1, len(content) - 1, len(content) - 16, len(content) // 2}
    for place in boundaries(content):
        places |= {place - 1, place, place + 1}
    for place in sorted(places & set(range(len(content)))):
        damaged(whole, ours, content[:place], CutShort)


@settings(max_examples=60, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_cut_anywhere_is_reported(whole: Whole, ours: Keyring, share: float) -> None:
    damaged(whole, ours, whole[2][: int(share * len(whole[2]))], CutShort)


@settings(max_examples=100, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_is_reported(
    whole: Whole, ours: Keyring, share: float, bit: int
) -> None:
    content = bytearray(whole[2])
    content[int(share * len(content))] ^= 1 << bit
    damaged(whole, ours, bytes(content), Altered)


def test_a_flipped_bit_in_every_part_of_the_header_is_reported(whole: Whole, ours: Keyring) -> None:
    for place in range(260):
        content = bytearray(whole[2])
        content[place] ^= 1
        damaged(whole, ours, bytes(content), Altered)


@pytest.mark.parametrize("more", [b"x", b"\0" * 100, b"x" * 1_000_000])
def test_bytes_after_the_end_are_reported(whole: Whole, ours: Keyring, more: bytes) -> None:
    damaged(whole, ours, whole[2] + more, TrailingBytes)


def test_the_wrong_key_is_reported(whole: Whole, strangers: Keyring) -> None:
    store, item, content = whole
    replace(store, item, content)
    with pytest.raises(WrongKey, match="no identity opens it"):
        opened(store, item, strangers)


def test_another_object_in_its_place_is_reported(whole: Whole, ours: Keyring) -> None:
    """Anybody with the public key can seal something; the manifest says what it must be."""
    store, item, _ = whole
    seal(store, "clinics/a/other", [RANDOM], ours.recipients)
    replace(store, item, content_of(store, "clinics/a/other"))
    with pytest.raises(SealBroken):
        opened(store, item, ours)
    store.delete("clinics/a/other")


def frame(content: bytes) -> bytes:
    return zstd.compress(content)


@pytest.mark.parametrize(
    "sealed",
    [
        b"not compressed at all",
        b"",
        frame(b"expected")[:-1],
        frame(b"expected") + b"x",
        frame(b"expected") + frame(b""),
        frame(b"another."),
        frame(b"expected and more"),
        frame(b"x" * 50_000_000),
    ],
    ids=["bare", "empty", "cut", "trailing", "two frames", "other", "longer", "bomb"],
)
def test_content_that_differs_from_the_manifest_is_reported(
    folder: FolderStore, ours: Keyring, sealed: bytes
) -> None:
    """The stored bytes are right, so it was sealed wrongly; its end never comes out."""
    stored = pyrage.encrypt(sealed, ours.recipients)
    folder.create(KEY, stored)
    item = SealedObject(key=KEY, stored=digest_of(stored), content=digest_of(b"expected"))
    got = bytearray()

    with pytest.raises(WrongContent):
        unseal(folder, item, ours.identities, got.extend)
    assert not got or sealed == frame(b"x" * 50_000_000)

    verify_stored(folder, item)


# --- Errors on either side ---------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt])
def test_a_source_that_fails_leaves_no_object(
    folder: FolderStore, ours: Keyring, error: type[BaseException]
) -> None:
    def rows() -> Iterator[bytes]:
        yield RANDOM
        raise error("the connection was lost")

    with pytest.raises(error, match="the connection was lost"):
        seal(folder, KEY, rows(), ours.recipients)
    assert keys_of(folder) == []
    assert list((folder.root / ".unfinished").iterdir()) == []


@pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt])
def test_the_error_of_a_failing_sink_comes_out(
    whole: Whole, ours: Keyring, error: type[BaseException]
) -> None:
    store, item, content = whole
    replace(store, item, content)

    def full(_: bytes) -> None:
        raise error("the disk is full")

    with pytest.raises(error, match="the disk is full"):
        unseal(store, item, ours.identities, full)


def test_the_error_of_a_failing_store_comes_out(folder: FolderStore, ours: Keyring) -> None:
    item = seal(folder, KEY, [b"x"], ours.recipients)
    with pytest.raises(StoreError, match="already"):
        seal(folder, KEY, [b"x"], ours.recipients)
    folder.delete(KEY)
    with pytest.raises(ObjectMissing):
        opened(folder, item, ours)


def test_the_end_comes_after_the_checks(folder: FolderStore, ours: Keyring) -> None:
    """A script's COMMIT is in its last bytes, which the sink gets once everything is checked."""
    item = seal(folder, KEY, [RANDOM, b"COMMIT;\n"], ours.recipients)
    pieces: list[bytes] = []
    unseal(folder, item, ours.identities, pieces.append)
    assert b"".join(pieces) == RANDOM + b"COMMIT;\n"
    assert len(pieces[-1]) == HELD_BACK
    assert all(first and then for first, then in pairwise(pieces))


# --- Memory ------------------------------------------------------------------------------------

MEASURED = """
import re, sys
from pathlib import Path
from backups.format.keys import make_identity, read_identities, read_recipients
from backups.format.sealing import seal, unseal
from backups.stores import FolderStore
from backups.stores.s3 import S3Store, s3_client

folder, address, names = Path(sys.argv[1]), sys.argv[2], set()
recipients = read_recipients([make_identity(folder / "identity")])
store = S3Store(s3_client(address), "backups") if address else FolderStore(folder / "store")
row = b"018f\\tPaciente Modelo\\t" + bytes(range(32, 127)) * 10 + b"\\n"
size = 300 * 1024 * 1024

def rows():
    import os
    for _ in range(size // 2000):
        yield row + os.urandom(2000 - len(row))  # half of it can't be compressed

item = seal(store, "data.zst.age", rows(), recipients)
out = []
unseal(store, item, read_identities(folder / "identity"), lambda data: out.append(len(data)))
assert sum(out) == item.content.length > size - 2000
# Not ru_maxrss, which a process takes over from the one that started it.
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]
print(item.stored.length, peak)
"""


@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_memory_doesnt_grow_with_the_backup(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """One process seals and unseals 300 MiB, and takes 100 MB including its libraries."""
    address = request.getfixturevalue("rclone").address if kind == "bucket" else ""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path), address],
        check=True,
        capture_output=True,
        cwd=Path(__file__).parents[2],
    )
    stored, largest = (int(word) for word in done.stdout.split())

    assert stored > 100_000_000
    assert largest * 1024 <= 100_000_000, largest
