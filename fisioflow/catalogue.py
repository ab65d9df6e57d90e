"""Translations without GNU gettext: `python -m fisioflow.catalogue` compiles locale/**/*.po.

Reads what our catalogues use of the format: contexts, plurals, comments; no obsolete entries.
"""

import ast
import re
import struct
from collections.abc import Iterable
from pathlib import Path

LOCALE = Path(__file__).resolve().parent.parent / "locale"
_LINE = re.compile(r'(?:(msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?) )?(".*")')
_MAGIC = 0x950412DE


def read_catalogue(lines: Iterable[str]) -> dict[str, str]:
    """Translations by message; context and plural forms are written into the texts as in a .mo.

    Raises ValueError for a line that is none of a catalogue, a fuzzy entry, or a message twice.
    """
    entries: dict[str, str] = {}
    entry: dict[str, str] = {}
    keyword = ""
    for number, raw in enumerate([*lines, ""], start=1):
        line = raw.strip()
        if line.startswith("#") and "fuzzy" not in line:
            continue
        found = _LINE.fullmatch(line)
        if line and not found:
            raise ValueError(f"line {number} isn't of a catalogue, or its entry is fuzzy")
        if entry and (not found or found[1] in ("msgctxt", "msgid")) and "msgstr" in keyword:
            _add(entries, entry, number)
            entry, keyword = {}, ""
        if found:
            keyword = found[1] or keyword
            entry[keyword] = entry.get(keyword, "") + str(ast.literal_eval(found[2]))
    return entries


def write_compiled(entries: dict[str, str], path: Path) -> None:
    """Write the .mo file (GNU gettext manual, "The Format of GNU MO Files"), without hash table."""
    pairs = sorted((key.encode(), text.encode()) for key, text in entries.items())
    texts = [pair[0] for pair in pairs] + [pair[1] for pair in pairs]
    at = 7 * 4 + 2 * 8 * len(pairs)  # behind the header and the two tables of lengths and offsets
    table = b""
    for text in texts:
        table += struct.pack("<II", len(text), at)
        at += len(text) + 1
    header = struct.pack("<7I", _MAGIC, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    path.write_bytes(header + table + b"".join(text + b"\0" for text in texts))


def _add(entries: dict[str, str], entry: dict[str, str], number: int) -> None:
    key = "\0".join(entry[part] for part in ("msgid", "msgid_plural") if part in entry)
    if "msgctxt" in entry:
        key = f"{entry['msgctxt']}\x04{key}"
    if key in entries:
        raise ValueError(f"the entry before line {number} is there twice")
    entries[key] = "\0".join(entry[part] for part in sorted(entry) if part.startswith("msgstr"))


if __name__ == "__main__":
    for source in LOCALE.glob("**/*.po"):
        with source.open(encoding="utf-8") as file:
            write_compiled(read_catalogue(file), source.with_suffix(".mo"))
