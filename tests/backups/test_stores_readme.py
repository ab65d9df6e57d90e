"""What the store says of itself is true: a person restores with public tools alone.

Needs age, zstd, openssl and psql on the machine.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings

from backups.layout import RULES, STRUCTURE, data_key, ddl_key
from backups.manifests import Kind, Parent, Signed, Snapshots, write_manifest
from backups.objects import digest_of, write_plain
from backups.sealing import seal
from backups.store_readme import write_readme
from backups.stores import FolderStore
from tests.backups.conftest import NORTE, SUL, Keyring, content_of, manifest_of

pytestmark = [
    pytest.mark.without_database,
    pytest.mark.skipif(
        not shutil.which("age") and not os.environ.get("CI"),
        reason="age isn't installed (Debian: apt-get install age)",
    ),
]
SCHEMA = "by_hand"
STRUCTURE_SQL = b"CREATE TABLE people (\n    id integer NOT NULL,\n    name text NOT NULL\n);\n"
RULES_SQL = b"ALTER TABLE people ADD CONSTRAINT people_pkey PRIMARY KEY (id);\n"
ROWS = b"".join(
    b"%d\tPaciente %d \\\\. %s\n" % (n, n, digest_of(b"%d" % n).sha256.encode())
    for n in range(20_000)
)
SCRIPT = b"BEGIN;\nCOPY people (id, name) FROM stdin;\n" + ROWS + b"\\.\nCOMMIT;\n"


@dataclass
class Person:
    """Somebody with a copy of the store, the identity, the trusted key, and a server."""

    store: FolderStore
    keys: Keyring
    backup: Signed
    path: str = os.environ["PATH"]

    def restore(
        self,
        *,
        clinic: UUID = NORTE,
        backup: UUID | None = None,
        schema: str = SCHEMA,
        keys: Keyring | None = None,
        trusted: Keyring | None = None,
    ) -> subprocess.CompletedProcess[str]:
        arguments = [
            str(clinic),
            str(backup or self.backup.manifest.backup_id),
            schema,
            str((keys or self.keys).identity_file),
            (trusted or self.keys).signing.public,
        ]
        return self.run("sh", "restore.sh", *arguments)

    def run(self, *program: str) -> subprocess.CompletedProcess[str]:
        server = settings.DATABASES["shard_1"]
        names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGDATABASE": "NAME"}
        access = {name: str(server[key]) for name, key in names.items() if server[key]}
        return subprocess.run(
            program,
            cwd=self.store.root,
            env={"PATH": self.path, "PGPASSWORD": str(server["PASSWORD"]), **access},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def ask(self, sql: str) -> str:
        done = self.run("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", sql)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def has_schema(self) -> bool:
        return self.ask(f"SELECT to_regnamespace('{SCHEMA}') IS NOT NULL") == "t"


def back_up(store: FolderStore, keys: Keyring, script: bytes = SCRIPT) -> Signed:
    manifest = manifest_of()
    write_readme(store)
    ddl = (
        write_plain(store, ddl_key("ab", STRUCTURE), STRUCTURE_SQL),
        write_plain(store, ddl_key("ab", RULES), RULES_SQL),
    )
    key = data_key(NORTE, manifest.backup_id, "data.sql")
    objects = (seal(store, key, [script], keys.recipients),)
    complete = manifest_of(backup_id=manifest.backup_id, ddl=ddl, objects=objects)
    return write_manifest(store, complete, keys.signing)


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
    assert person.has_schema()  # what was there before isn't removed


def refused(person: Person, done: subprocess.CompletedProcess[str], why: str) -> None:
    assert done.returncode != 0
    assert why in done.stderr
    assert not person.has_schema()


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


def test_a_strangers_backup_is_refused(person: Person, strangers: Keyring) -> None:
    refused(person, person.restore(trusted=strangers), "isn't signed by the trusted key")


def test_the_wrong_identity_is_told(person: Person, strangers: Keyring) -> None:
    refused(person, person.restore(keys=strangers), "is this the right identity?")


def test_a_manifest_that_was_altered_or_moved_is_refused(person: Person) -> None:
    manifest = person.backup.manifest
    content = content_of(person.store, manifest.key)
    moved = manifest_of(SUL, backup_id=manifest.backup_id).key
    person.store.create(moved, content)
    refused(person, person.restore(clinic=SUL), "another clinic or backup")
    (person.store.root / manifest.key).write_bytes(content.replace(b"norte", b"nortE"))
    refused(person, person.restore(), "isn't signed by the trusted key")


def test_an_increment_isnt_restored_by_hand(person: Person) -> None:
    increment = manifest_of(
        kind=Kind.INCREMENT,
        parent=Parent(backup_id=NORTE, manifest_sha256="00" * 32),
        snapshots=Snapshots(start="1:1:", end="2:2:"),
    )
    write_manifest(person.store, increment, person.keys.signing)
    refused(person, person.restore(backup=increment.backup_id), "this is an increment")


@pytest.mark.parametrize("schema", ["", "public; DROP", 'a"b', "Norte", "../x"])
def test_a_name_that_is_none_is_refused(person: Person, schema: str) -> None:
    refused(person, person.restore(schema=schema), "is no name of a schema")


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (SCRIPT.replace(b"\n7\t", b"\n8\t"), "the rules don't hold"),
        (SCRIPT.replace(b"\n7\t", b"\nseven\t"), "the rows can't be read in"),
    ],
)
def test_what_psql_refuses_is_taken_back(
    folder: FolderStore, person: Person, script: bytes, why: str
) -> None:
    person.backup = back_up(folder, person.keys, script)
    refused(person, person.restore(), why)


@pytest.mark.parametrize("status", [0, 1])
def test_a_stream_that_is_cut_never_commits(person: Person, tmp_path: Path, status: int) -> None:
    """The first decryption, which is checked, is right; the second ends inside the rows."""
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
