"""The trail as files that prove themselves: rows, hashes, seals, and the verifier beside them.

`offline_verifier` says what the files hold. The folder holds clinical records: only its maker can
read it (mode 0700), and whoever passes it on answers for it.
"""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from django.db import connections

from audit.events.models import EventKind
from audit.events.services import event_record
from audit.seals import offline_verifier
from audit.seals.chain import Chain
from audit.seals.sealable import EVENTS, Sealable, proof_snapshot, sealable_tables
from audit.seals.sealing import seal_rows
from core.errors import Conflict
from tenants.postgresql.owner import as_owner

VERIFIER = "verify_fisioflow_audit.py"


class FolderNotEmpty(Conflict):
    """The folder of an export must be new or empty."""

    code = "folder_not_empty"


def seals_export(*, alias: str, folder: Path) -> str:
    """Seal what is new and write the whole trail of the current scope's schema; returns the head.

    The export is an event, and is in the files itself. Seal and files are of one moment, so that
    every row of an untouched trail is sealed. Raises FolderNotEmpty, OwnerLoginMissing, OSError.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FolderNotEmpty

    with as_owner(alias):
        event_record(kind=EventKind.EXPORTED, table_name=EVENTS, details={"format": "sealed"})
        with proof_snapshot(alias, sealing=True) as cursor:
            seal_rows(cursor)

            chain = Chain()
            with _created(folder / "seals.jsonl") as file:
                for seal in chain.seals_of(alias):
                    _write(file, seal)

            for table in sealable_tables(cursor):
                if table.table in chain.columns:
                    _write_table(alias, folder, table)

    shutil.copyfile(offline_verifier.__file__, folder / VERIFIER)
    return chain.head


def _write_table(alias: str, folder: Path, table: Sealable) -> None:
    with _created(folder / "hashes" / f"{table.table}.jsonl") as file:
        sealed = (
            "SELECT t.seal_id, u.id, u.record::text, encode(u.hash, 'hex')"
            " FROM audit_sealedtable t, unnest(t.row_ids, t.record_ids, t.hashes)"
            " u(id, record, hash) WHERE t.table_name = %s ORDER BY t.seal_id, u.id"
        )
        for row in _stream(alias, sealed, [table.table]):
            _write(file, row)

    values = ", ".join(f'h."{column}"::text' for column in table.columns)
    rows = f"""
        SELECT s.columns, {values} FROM "{table.table}" h
          LEFT JOIN (SELECT columns, unnest(row_ids) AS id FROM audit_sealedtable
                      WHERE table_name = %s) s ON s.id = h.{table.key} ORDER BY h.{table.key}"""

    with _created(folder / "rows" / f"{table.table}.jsonl") as file:
        for columns, *texts in _stream(alias, rows, [table.table]):
            row = dict(zip(table.columns, texts, strict=True))
            # A row is proven by the columns that it had when it was sealed.
            _write(file, {name: row.get(name) for name in columns or table.columns})


def _stream(alias: str, query: str, values: list[Any]) -> Iterator[Any]:
    with connections[alias].chunked_cursor() as cursor:
        cursor.execute(query, values)
        yield from cursor


def _created(path: Path) -> TextIO:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    return os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    )


def _write(file: TextIO, value: Any) -> None:
    file.write(json.dumps(value, ensure_ascii=False) + "\n")
