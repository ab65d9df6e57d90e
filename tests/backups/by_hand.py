"""A person who restores without this software, and a small clinic of one table to restore."""

import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings

from backups.format.manifests import DocumentCopy, Signed, write_manifest
from backups.format.objects import digest_of, write_plain
from backups.format.sealing import seal
from backups.store_readme import write_readme
from backups.stores import FolderStore
from backups.stores.layout import RULES, STRUCTURE, data_key, ddl_key, document_key
from tests.backups.conftest import NORTE, Keyring, increment_of, manifest_of

NEEDS_AGE = pytest.mark.skipif(
    not shutil.which("age") and not os.environ.get("CI"),
    reason="age isn't installed (Debian: apt-get install age)",
)
SCHEMA = "by_hand"
STRUCTURE_SQL = b"CREATE TABLE people (\n    id integer NOT NULL,\n    name text NOT NULL\n);\n"
RULES_SQL = b"ALTER TABLE people ADD CONSTRAINT people_pkey PRIMARY KEY (id);\n"
ROWS = b"".join(
    b"%d\tPaciente %d \\\\. %s\n" % (n, n, digest_of(b"%d" % n).sha256.encode())
    for n in range(20_000)
)
SCRIPT = b"BEGIN;\nCOPY people (id, name) FROM stdin;\n" + ROWS + b"\\.\nCOMMIT;\n"
# In this clinic people are only added, so increments need no histories.
DELTA = b"""BEGIN;
CREATE TEMPORARY TABLE IF NOT EXISTS delta_people AS SELECT id, name, NULL::xid8 AS written_by,
    NULL::timestamptz AS committed_at, NULL::timestamptz AS changed_at FROM people WITH NO DATA;
COPY delta_people FROM stdin;
%s\\.
COMMIT;
"""
EMPTY = b"BEGIN;\nSET LOCAL client_encoding = 'UTF8';\nCOMMIT;\n"


@dataclass
class Person:
    """A person with a copy of the store, the identity, the trusted key, and a server."""

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
        trusted: str = "",
        moment: str = "",
    ) -> subprocess.CompletedProcess[str]:
        arguments = [
            str(clinic),
            str(backup or self.backup.manifest.backup_id),
            schema,
            str((keys or self.keys).identity_file),
            trusted or self.keys.signing.public,
            *([moment] if moment else []),
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


def back_up(store: FolderStore, keys: Keyring, script: bytes = SCRIPT, file: bytes = b"") -> Signed:
    """Make a full of the people, and of a document with this content."""
    manifest = manifest_of()
    write_readme(store)
    ddl = (
        write_plain(store, ddl_key("ab", STRUCTURE), STRUCTURE_SQL),
        write_plain(store, ddl_key("ab", RULES), RULES_SQL),
    )
    key = data_key(NORTE, manifest.backup_id, "data.sql")
    objects = (seal(store, key, [script], keys.recipients),)
    complete = replace(manifest, ddl=ddl, objects=objects)
    if file:
        key = document_key(NORTE, digest_of(file).sha256, manifest.backup_id)
        sealed = seal(store, key, [file], keys.recipients)
        complete = replace(complete, documents=(DocumentCopy(name=f"{NORTE}/a", file=sealed),))

    return write_manifest(store, complete, keys.signing)


def newcomers(first: int, count: int, commit: str = "12:05") -> bytes:
    """An increment's script with people of these numbers, written at 11:00 and committed then."""
    rest = f"{first}\t2026-11-20 {commit}:00+00\t2026-11-20 11:00:00+00\n".encode()
    return DELTA % b"".join(
        b"%d\tPaciente %d %s\t%s" % (n, n, digest_of(b"%d" % n).sha256.encode(), rest)
        for n in range(first, first + count)
    )


def continued(
    store: FolderStore, keys: Keyring, parent: Signed, script: bytes, **changes: Any
) -> Signed:
    """Make an increment with this script, and with these `changes` to its manifest."""
    manifest = increment_of(parent)
    key = data_key(NORTE, manifest.backup_id, "delta.sql")
    objects = (seal(store, key, [script], keys.recipients),)
    complete = replace(manifest, **({"objects": objects} | changes))
    return write_manifest(store, complete, keys.signing)


def refused(person: Person, done: subprocess.CompletedProcess[str], why: str) -> None:
    assert done.returncode != 0
    assert why in done.stderr
    assert not person.has_schema()
