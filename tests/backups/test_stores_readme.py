"""The store's own page is right: a person restores with public tools only.

Needs age, zstd, openssl and psql on the machine.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from backups.stores import FolderStore
from tests.backups.by_hand import NEEDS_AGE, SCHEMA, SCRIPT, Person, back_up, refused
from tests.backups.conftest import SUL, Keyring, content_of, manifest_of

pytestmark = [pytest.mark.without_database, NEEDS_AGE]


@pytest.fixture
def person(folder: FolderStore, ours: Keyring) -> Iterator[Person]:
    somebody = Person(folder, ours, back_up(folder, ours))
    yield somebody
    somebody.ask(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


def test_a_backup_is_restored_by_hand(person: Person) -> None:
    done = person.restore()

    assert done.returncode == 0, done.stderr
    assert "whole and signed" in done.stderr

    rows = person.ask(f"SELECT count(*), max(id), left(max(name), 16) FROM {SCHEMA}.people")

    assert rows == "20000|19999|Paciente 9999 \\."
    assert "people_pkey" in person.ask("SELECT conname FROM pg_constraint WHERE contype = 'p'")

    again = person.restore()

    assert again.returncode != 0
    assert "already exists" in again.stderr
    assert person.has_schema()  # the earlier schema isn't removed


def test_a_cut_an_altered_or_a_missing_object_reaches_no_server(person: Person) -> None:
    for item in list(person.backup.manifest.stored_objects):
        path = person.store.root / item.key
        whole = path.read_bytes()

        for content, why in (
            (whole[:-1], "cut short or altered"),
            (b"", "cut short or altered"),
            (whole + b"x", "cut short or altered"),
            (bytes([whole[0] ^ 1]) + whole[1:], "was altered"),
        ):
            path.write_bytes(content)
            refused(person, person.restore(), why)

        path.unlink()

        refused(person, person.restore(), "is missing")

        path.write_bytes(whole)


def test_a_lost_document_is_named_and_the_rows_are_restored(
    folder: FolderStore, person: Person
) -> None:
    person.backup = back_up(folder, person.keys, file=b"laudo")
    done = person.restore()

    assert (done.returncode, "a document" in done.stderr) == (0, False)

    key = person.backup.manifest.documents[0].file.key
    path = folder.root / key
    whole = path.read_bytes()

    for content, why in (
        (whole[:-1], "has another length"),
        (bytes([whole[0] ^ 1]) + whole[1:], "was altered"),
        (None, "is missing"),
    ):
        person.ask(f"DROP SCHEMA {SCHEMA} CASCADE")
        path.unlink() if content is None else path.write_bytes(content)
        done = person.restore()

        assert done.returncode == 3
        assert f"a document: {key} {why}" in done.stderr
        assert person.ask(f"SELECT count(*) FROM {SCHEMA}.people") == "20000"


def test_a_strangers_backup_is_refused(person: Person, strangers: Keyring) -> None:
    refused(
        person, person.restore(trusted=strangers.signing.public), "isn't signed by the trusted key"
    )


def test_the_wrong_identity_is_reported(person: Person, strangers: Keyring) -> None:
    refused(person, person.restore(keys=strangers), "is this the right identity?")


def test_a_manifest_that_was_altered_or_moved_is_refused(person: Person) -> None:
    manifest = person.backup.manifest
    content = content_of(person.store, manifest.key)
    moved = manifest_of(SUL, backup_id=manifest.backup_id).key
    person.store.create(moved, content)
    refused(person, person.restore(clinic=SUL), "another clinic or backup")
    (person.store.root / manifest.key).write_bytes(content.replace(b"norte", b"nortE"))
    refused(person, person.restore(), "isn't signed by the trusted key")


@pytest.mark.parametrize("schema", ["", "public; DROP", 'a"b', "Norte", "../x"])
def test_an_invalid_name_is_refused(person: Person, schema: str) -> None:
    refused(person, person.restore(schema=schema), "is no name of a schema")


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (SCRIPT.replace(b"\n7\t", b"\n8\t"), "the rules don't hold"),
        (SCRIPT.replace(b"\n7\t", b"\nseven\t"), "the rows can't be read in"),
    ],
)
def test_rows_that_psql_refuses_leave_no_schema(
    folder: FolderStore, person: Person, script: bytes, why: str
) -> None:
    person.backup = back_up(folder, person.keys, script)
    refused(person, person.restore(), why)


@pytest.mark.parametrize("status", [0, 1])
def test_a_stream_that_is_cut_never_commits(person: Person, tmp_path: Path, status: int) -> None:
    """The first decryption, which is checked, is complete; the second ends inside the rows."""
    shim = tmp_path / "bin" / "age"
    shim.parent.mkdir()
    shim.write_text(
        f"""#!/bin/sh
        echo call >> {tmp_path}/calls
        if [ "$(wc -l < {tmp_path}/calls)" -eq 1 ]; then exec {shutil.which("age")} "$@"; fi
        {shutil.which("age")} "$@" | head -c 300000
        exit {status}
        """
    )
    shim.chmod(0o755)
    person.path = f"{shim.parent}:{person.path}"

    assert person.backup.manifest.objects[0].stored.length > 400_000

    refused(person, person.restore(), "nothing was committed")
    assert (tmp_path / "calls").read_text() == "call\ncall\n"
