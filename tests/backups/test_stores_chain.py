"""Increments by hand: a whole chain is restored, and nothing that doesn't fit reaches a server."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from backups.format.manifests import (
    BackupKind,
    Origin,
    Parent,
    Signed,
    SnapshotRange,
    write_manifest,
)
from backups.stores import FolderStore
from tests.backups.by_hand import (
    EMPTY,
    NEEDS_AGE,
    SCHEMA,
    Person,
    back_up,
    continued,
    newcomers,
    refused,
)
from tests.backups.conftest import NORTE, SUL, Keyring, content_of, manifest_of

pytestmark = [pytest.mark.without_database, NEEDS_AGE]
NUMBER = f"SELECT count(*) FROM {SCHEMA}.people"


@pytest.fixture
def chain(folder: FolderStore, ours: Keyring) -> list[Signed]:
    """A full with 20,000 people, and two increments with more."""
    full = back_up(folder, ours)
    first = continued(folder, ours, full, newcomers(20_000, 5))
    second = continued(folder, ours, first, newcomers(30_000, 8_000, "12:10"))
    return [full, first, second]


@pytest.fixture
def person(folder: FolderStore, ours: Keyring, chain: list[Signed]) -> Iterator[Person]:
    somebody = Person(folder, ours, chain[-1])
    yield somebody
    somebody.ask(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


def shim(person: Person, folder: Path, program: str, script: str) -> None:
    """Put a script in place of this program on the person's path."""
    path = folder / "bin" / program
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    person.path = f"{path.parent}:{person.path}"


def refused_unseen(person: Person, folder: Path, why: str, **options: Any) -> None:
    """Check that the restore is refused before psql is started."""
    path, seen = person.path, folder / "seen"
    shim(person, folder, "psql", f"touch {seen}; exit 1")
    done = person.restore(**options)
    person.path = path
    assert not seen.exists()
    refused(person, done, why)


def replaced(person: Person, signed: Signed, content: bytes) -> None:
    (person.store.root / signed.manifest.key).write_bytes(content)


def test_each_backup_of_a_chain_is_restored(person: Person, chain: list[Signed]) -> None:
    for signed, number in zip(chain, ("20000", "20005", "28005"), strict=True):
        done = person.restore(backup=signed.manifest.backup_id)
        assert done.returncode == 0, done.stderr
        assert person.ask(NUMBER) == number
        assert "people_pkey" in person.ask("SELECT conname FROM pg_constraint WHERE contype = 'p'")
        person.ask(f"DROP SCHEMA {SCHEMA} CASCADE")


def test_increments_of_documents_only_change_no_rows(person: Person, chain: list[Signed]) -> None:
    made = continued(person.store, person.keys, chain[0], EMPTY)
    done = person.restore(
        backup=continued(person.store, person.keys, made, EMPTY).manifest.backup_id
    )
    assert done.returncode == 0, done.stderr
    assert person.ask(NUMBER) == "20000"


@pytest.mark.parametrize("number", [0, 1])
def test_a_missing_parent_is_reported(
    person: Person, chain: list[Signed], tmp_path: Path, number: int
) -> None:
    person.store.delete(chain[number].manifest.key)
    refused_unseen(person, tmp_path, f"there is no {chain[number].manifest.key}")


def test_damage_anywhere_in_the_chain_is_noticed(
    person: Person, chain: list[Signed], tmp_path: Path
) -> None:
    for signed in chain:
        path = person.store.root / signed.manifest.objects[0].key
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])

        refused_unseen(person, tmp_path, "cut short or altered")

        middle = len(whole) // 2
        path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])

        refused_unseen(person, tmp_path, "was altered")

        path.unlink()

        refused_unseen(person, tmp_path, "is missing")

        path.write_bytes(whole)


def test_content_that_differs_from_the_manifest_is_noticed(person: Person, tmp_path: Path) -> None:
    (data,) = person.backup.manifest.objects
    other = replace(data, content=replace(data.content, sha256="0" * 64))
    made = replace(person.backup.manifest, objects=(other,))
    person.store.delete(made.key)
    write_manifest(person.store, made, person.keys.signing)
    refused_unseen(person, tmp_path, "isn't what the manifest says")


def test_a_strangers_increment_is_refused(
    person: Person, chain: list[Signed], strangers: Keyring, tmp_path: Path
) -> None:
    manifest = chain[1].manifest
    person.store.delete(manifest.key)
    write_manifest(person.store, manifest, strangers.signing)

    refused_unseen(person, tmp_path, "isn't signed by the trusted key")

    both = f"{strangers.signing.public},{person.keys.signing.public}"

    refused_unseen(person, tmp_path, "another backup of its parent's id", trusted=both)


def test_the_signing_key_may_change_within_a_chain(
    person: Person, chain: list[Signed], strangers: Keyring
) -> None:
    later = Keyring(**{**vars(person.keys), "signing": strangers.signing})
    made = continued(person.store, later, chain[-1], newcomers(20_500, 1))
    both = f"{person.keys.signing.public},{strangers.signing.public}"
    done = person.restore(backup=made.manifest.backup_id, trusted=both)

    assert done.returncode == 0, done.stderr
    assert person.ask(NUMBER) == "28006"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"snapshots": SnapshotRange(start="150:150:", end="400:400:")},
            "begins at another snapshot",
        ),
        ({"schema_name": "sul"}, "another schema, definition or server"),
        ({"ddl_fingerprint": "cd" * 32}, "another schema, definition or server"),
        ({"migration_digest": "f01"}, "another schema, definition or server"),
        (
            {"origin": Origin(shard="shard_1", system_identifier="1", timeline=2, incarnation="1")},
            "another schema, definition or server",
        ),
        ({"objects": ()}, "names other data than"),
    ],
)
def test_an_increment_that_doesnt_continue_its_parent_is_refused(
    person: Person, chain: list[Signed], tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    made = continued(person.store, person.keys, chain[-1], EMPTY, **changes)
    refused_unseen(person, tmp_path, why, backup=made.manifest.backup_id)


def test_another_parent_of_the_same_id_is_refused(
    person: Person, chain: list[Signed], tmp_path: Path
) -> None:
    """The full is replaced by another of its id, signed as well."""
    manifest = replace(chain[0].manifest, software="0.2.0")
    person.store.delete(manifest.key)
    write_manifest(person.store, manifest, person.keys.signing)
    refused_unseen(person, tmp_path, "was made on another backup of its parent's id")


def test_an_increment_of_another_clinic_is_refused(
    person: Person, chain: list[Signed], tmp_path: Path
) -> None:
    parent = replace(chain[0].manifest, clinic_id=SUL, objects=())
    person.store.delete(chain[0].manifest.key)
    moved = write_manifest(person.store, parent, person.keys.signing)
    replaced(person, chain[0], content_of(person.store, moved.manifest.key))
    refused_unseen(person, tmp_path, "belongs to another clinic or backup")


@pytest.mark.parametrize(
    ("kind", "start"),
    [(BackupKind.INCREMENT, None), (BackupKind.FULL, "1:1:"), (BackupKind.FULL, None)],
)
def test_a_manifest_must_be_a_fulls_or_an_increments(
    person: Person,
    tmp_path: Path,
    kind: BackupKind,
    start: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("backups.format.manifests._fault", lambda _: "")
    made = manifest_of(
        kind=kind,
        parent=Parent(backup_id=NORTE, manifest_sha256="00" * 32),
        snapshots=SnapshotRange(start=start, end="2:2:"),
    )
    write_manifest(person.store, made, person.keys.signing)
    why = "neither a full's nor an increment's"

    refused_unseen(person, tmp_path, why, backup=made.backup_id)


def test_an_object_of_another_clinic_is_refused(
    person: Person, chain: list[Signed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backups.format.manifests._fault", lambda _: "")
    (data,) = chain[1].manifest.objects
    elsewhere = replace(data, key=data.key.replace(str(NORTE), str(SUL)))
    made = continued(person.store, person.keys, chain[-1], EMPTY, objects=(data, elsewhere))

    refused_unseen(
        person, tmp_path, "object of another clinic or backup", backup=made.manifest.backup_id
    )


@pytest.mark.parametrize("status", [0, 1])
@pytest.mark.parametrize("stop_at", [4, 5, 6])
def test_a_stream_that_is_cut_never_commits(
    person: Person, tmp_path: Path, stop_at: int, status: int
) -> None:
    """Three decryptions check the content; of the three for psql, one ends early."""
    age = shutil.which("age")
    calls = tmp_path / "calls"
    shim(
        person,
        tmp_path,
        "age",
        f"""echo call >> {calls}
        [ "$(wc -l < {calls})" -eq {stop_at} ] || exec {age} "$@"
        {age} "$@" | head -c 250
        exit {status}""",
    )

    refused(person, person.restore(), "nothing was committed")

    assert calls.read_text() == "call\n" * stop_at


def test_increments_that_break_a_rule_leave_no_schema(person: Person, chain: list[Signed]) -> None:
    made = continued(person.store, person.keys, chain[-1], newcomers(30_000, 1))
    done = person.restore(backup=made.manifest.backup_id)
    refused(person, done, "the rules don't hold")
    (person.store.root / "increments.sql").write_text("SELECT 1 / 0;\n")
    refused(person, person.restore(), "nothing was committed")


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("2026-11-20T12:10:00Z", "28005"),
        ("2026-11-20 09:05-03:00", "20005"),
        ("2026-11-20T12:04:59.999999Z", "20000"),
    ],
)
def test_a_moment_goes_by_commits(person: Person, moment: str, number: str) -> None:
    done = person.restore(moment=moment)
    assert done.returncode == 0, done.stderr
    assert person.ask(NUMBER) == number


def test_a_moment_before_the_full_is_refused(person: Person, chain: list[Signed]) -> None:
    made = continued(person.store, person.keys, chain[0], EMPTY)
    for backup in (chain[-1].manifest.backup_id, made.manifest.backup_id):
        done = person.restore(backup=backup, moment="2026-11-20T11:59:59Z")
        refused(person, done, "later than the moment")


@pytest.mark.parametrize(
    "moment", ["yesterday", "2026-11-20", "2026-11-20T12:00:00", "2026-11-20T12:00:00Z'; DROP"]
)
def test_an_invalid_moment_is_refused(person: Person, tmp_path: Path, moment: str) -> None:
    refused_unseen(person, tmp_path, "is no moment with its time zone", moment=moment)


def test_a_full_takes_no_moment(person: Person, chain: list[Signed], tmp_path: Path) -> None:
    full: UUID = chain[0].manifest.backup_id
    refused_unseen(person, tmp_path, "only one moment", backup=full, moment="2026-11-20T12:00:00Z")
