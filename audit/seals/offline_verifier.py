"""Proves an export of FisioFlow's audit trail, with Python's standard library and no database.

    python verify_fisioflow_audit.py FOLDER [--head HASH]

Exit status 0: every row is as it was when it was sealed, and none was added or removed. 1: each
problem is named, by table, record and row, never by content. 2: the folder isn't an export.

FOLDER holds `seals.jsonl` (the chain), and for each table `hashes/TABLE.jsonl` (which row has
which hash under which seal) and `rows/TABLE.jsonl` (the rows). A seal's hash covers the hash before
it and each table's root; a root covers the hashes of the rows; a row's hash covers its values. The
last seal's hash, kept where the database's administrators cannot write, completes the proof:
`--head` checks that it is in the chain.

The server computes with this file too, so that the two cannot differ.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SEALED = ("format", "number", "sealed_at", "snapshot", "server", "goes_on", "previous", "tables")
SENTENCES = {
    "row_changed": "was changed after it was sealed",
    "row_removed": "was sealed, and is gone",
    "row_inserted": "was put in behind the seals",
    "row_doubled": "is there, or sealed, twice",
    "seal_changed": "the seal was changed after it was made",
    "chain_broken": "the seal doesn't continue the one before it",
    "restore_unrecorded": "transaction ids were given anew, and no restore in the trail says why",
    "head_unknown": "the chain of seals doesn't contain the head that was kept elsewhere",
}
Hashes = dict[int, "tuple[int, str | None, bytes]"]  # by row: seal, record, hash


class Finding(NamedTuple):
    """One problem, and where. `row` is the key of a version or an event."""

    problem: str
    table: str = ""
    record: str = ""
    row: int | None = None
    seal: int | None = None
    detail: str = ""

    def sentence(self, sentences: dict[str, str] = SENTENCES) -> str:
        """The finding in words."""
        seal = None if self.seal is None else f"seal {self.seal}"
        row = None if self.row is None else f"row {self.row}"
        record = f"record {self.record}" if self.record else None
        where = ", ".join(part for part in (self.table, record, row, seal) if part)
        detail = f" ({self.detail})" if self.detail else ""
        return f"{where or 'seals'}: {sentences[self.problem]}{detail}"


def canonical(value: Any) -> bytes:
    """The JSON text of a value that hashes cover: no spaces, sorted keys, UTF-8."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode()


def row_hash(values: Sequence[str | None]) -> bytes:
    """SHA-256 of the JSON array of a row's values, as PostgreSQL's text."""
    return hashlib.sha256(canonical(list(values))).digest()


def seal_hash(seal: dict[str, Any]) -> str:
    """SHA-256 (hexadecimal) of the JSON object of a seal's SEALED keys."""
    return hashlib.sha256(canonical({key: seal[key] for key in SEALED})).hexdigest()


class Root:
    """SHA-256 over a table's rows under one seal, in the order of their keys.

    For each row: its key (8 bytes, big-endian), its record's UUID (16 bytes; none for events) and
    its hash (32 bytes).
    """

    def __init__(self) -> None:
        self.rows = 0
        self._hash = hashlib.sha256()

    def add(self, row: int, record: str | None, digest: bytes) -> None:
        """Take in the next row."""
        self.rows += 1
        key = row.to_bytes(8, "big", signed=True)
        self._hash.update(key + bytes.fromhex((record or "").replace("-", "")) + digest)

    def hex(self) -> str:
        """The root, in hexadecimal."""
        return self._hash.hexdigest()


def chain_findings(seals: Iterable[dict[str, Any]], head: str = "") -> Iterator[Finding]:
    """The problems of the chain itself; `seals` in the order of their numbers."""
    number, previous, known = 0, "", not head
    for seal in seals:
        if seal_hash(seal) != seal["hash"]:
            yield Finding("seal_changed", seal=seal["number"])
        if (seal["number"], seal["previous"]) != (number + 1, previous):
            yield Finding("chain_broken", seal=seal["number"], detail=f"after seal {number}")

        number, previous = seal["number"], seal["hash"]
        known = known or previous == head

    if not known:
        yield Finding("head_unknown", detail=head)


def is_torn(seal: dict[str, Any], before: dict[str, Any] | None) -> bool:
    """Whether rows got new transaction ids since the seal before, although on the same server.

    Only a restore explains it, and then the seal covers the event of that restore.
    """
    if before is None or seal["goes_on"]:
        return False

    system, its_system = (str(one["server"]).partition("/")[0] for one in (seal, before))
    return system == its_system


def export_findings(folder: Path, head: str = "") -> Iterator[Finding]:
    """Every problem of an export. Holds the keys and hashes of one table at a time in memory.

    Raises ValueError, KeyError or TypeError for a file that isn't an export's.
    """
    seals = list(_objects(folder / "seals.jsonl"))
    yield from chain_findings(seals, head)

    restored = _seals_of_restores(folder)
    before = None
    for seal in seals:
        if is_torn(seal, before) and seal["number"] not in restored:
            yield Finding("restore_unrecorded", seal=seal["number"])
        before = seal

    tables: dict[str, dict[int, dict[str, Any]]] = {
        path.stem: {} for kind in ("hashes", "rows") for path in (folder / kind).glob("*.jsonl")
    }
    for seal in seals:
        for entry in seal["tables"]:
            tables.setdefault(entry["table"], {})[seal["number"]] = entry

    for table, entries in sorted(tables.items()):
        hashes: Hashes = {}
        yield from _hash_findings(folder, table, entries, hashes)
        yield from _row_findings(folder, table, entries, hashes)


def _seals_of_restores(folder: Path) -> set[int]:
    """The seals that cover an event of a restore."""
    events = _objects(folder / "rows" / "audit_event.jsonl")
    restores = {int(event["id"]) for event in events if event["kind"] == "restored"}
    hashes = _objects(folder / "hashes" / "audit_event.jsonl")
    return {seal for seal, row, _, _ in hashes if row in restores}


def _hash_findings(
    folder: Path, table: str, entries: dict[int, dict[str, Any]], hashes: Hashes
) -> Iterator[Finding]:
    """Compares a table's list of hashes with the roots in the seals, and fills `hashes` from it."""
    roots = {number: Root() for number in entries}
    for seal, row, record, text in _objects(folder / "hashes" / f"{table}.jsonl"):
        if row in hashes:
            yield Finding("row_doubled", table, record or "", row, seal)

        digest = bytes.fromhex(text)
        hashes[row] = (seal, record, digest)
        roots.setdefault(seal, Root()).add(row, record, digest)

    for number, root in sorted(roots.items()):
        entry = entries.get(number, {"rows": 0, "root": None})
        if (root.rows, root.hex()) != (entry["rows"], entry["root"]):
            yield Finding("seal_changed", table, seal=number, detail="its list of hashes")


def _row_findings(
    folder: Path, table: str, entries: dict[int, dict[str, Any]], hashes: Hashes
) -> Iterator[Finding]:
    seen: set[int] = set()
    for values in _objects(folder / "rows" / f"{table}.jsonl"):
        version = "history_id" in values  # an event has no separate record
        row, own = int(values["history_id" if version else "id"]), values["id"] if version else ""

        seal, record, digest = hashes.get(row, (0, own, b""))
        columns = entries[seal]["columns"] if seal in entries else []

        if row in seen:
            yield Finding("row_doubled", table, record or "", row, seal or None)
        elif not columns:
            yield Finding("row_inserted", table, record or "", row)
        elif values.keys() != set(columns) or row_hash([values[c] for c in columns]) != digest:
            yield Finding("row_changed", table, record or "", row, seal)
        seen.add(row)

    for row in sorted(hashes.keys() - seen):
        yield Finding("row_removed", table, hashes[row][1] or "", row, hashes[row][0])


def _objects(path: Path) -> Iterator[Any]:
    """The values of a file's lines. A missing file has none: its rows are then found missing."""
    if path.exists():
        with path.open(encoding="utf-8") as file:
            yield from map(json.loads, file)


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify a folder; returns the exit status."""
    parser = argparse.ArgumentParser(description="Proves an export of FisioFlow's audit trail.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--head", default="", help="The hash of a seal that was kept elsewhere.")
    options = parser.parse_args(arguments)

    if not (options.folder / "seals.jsonl").exists():
        sys.stderr.write(f"{options.folder} holds no seals.jsonl: it is no export.\n")
        return 2

    count, head = 0, "none"
    try:
        for finding in export_findings(options.folder, options.head.lower()):
            sys.stdout.write(f"{finding.sentence()}\n")
            count += 1
        for seal in _objects(options.folder / "seals.jsonl"):
            head = seal["hash"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        sys.stdout.write(f"A file of the export was broken: {type(error).__name__}\n")
        count += 1

    sys.stdout.write(f"findings: {count}; head: {head}\n")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
