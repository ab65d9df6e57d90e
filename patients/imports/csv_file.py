"""Reads a CSV file one record at a time, and goes on after a broken one. Knows no database."""

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.translation import gettext as _

from core.errors import FisioFlowError

LONGEST_LINE = 1_000_000  # characters; a longer line isn't CSV, and isn't read into memory


@dataclass(frozen=True, slots=True)
class Columns:
    """What a header may name: the columns, each with the headings that mean it.

    A heading may be in any letter case, with or without accents; "_" is any blank or punctuation.
    The `required` columns must be there.
    """

    names: Mapping[str, Collection[str]]
    required: Collection[str]

    @property
    def by_heading(self) -> dict[str, str]:
        """The column that each heading means."""
        return {heading: name for name, headings in self.names.items() for heading in headings}


class UnreadableFile(FisioFlowError):
    """This is no CSV file of patients."""

    code = "unreadable_file"
    status = 400


@dataclass(frozen=True, slots=True)
class LineProblem:
    """Why a line is bad. `field` is empty for the line as a whole; `reason` quotes no value."""

    field: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the line that it begins at, and its values by column or why it is unreadable."""

    line: int
    values: Mapping[str, str]
    problem: LineProblem | None = None


def read_records(file: BinaryIO, columns: Columns) -> Iterator[Record]:
    """The records below the header, without blank lines.

    Raises UnreadableFile for a header that doesn't name the columns, or a line that is too long.
    """
    # Bytes that aren't UTF-8 become lone surrogates, so that only their line is refused.
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        lines = _lines(text)
        header, delimiter = _read_header(next(lines, ""), columns)
        yield from _read_rows(lines, header, delimiter)
    finally:
        if not file.closed:  # an unfinished reading may be collected after its file
            text.detach()  # the file stays the caller's to close


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    number = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE and not line.endswith(("\n", "\r")):
            raise UnreadableFile(_("Line %(line)d is too long.") % {"line": number})
        yield line


def _read_header(line: str, columns: Columns) -> tuple[list[str], str]:
    """The column of each place, and the delimiter."""
    if not _is_text(line) or "\0" in line:
        raise UnreadableFile(_("The file isn't UTF-8 text. Save it as “CSV UTF-8”."))

    delimiter = ";" if line.count(";") > line.count(",") else ","
    try:
        headings = next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        headings = []
    while headings and not headings[-1].strip():
        headings.pop()

    meant = columns.by_heading
    header = [meant.get(_plain(heading), "") for heading in headings]
    _check_header(header, columns)
    return header, delimiter


def _check_header(header: list[str], columns: Columns) -> None:
    # In a file without a header, the first line is a patient's: no heading is quoted.
    known = ", ".join(columns.names)

    if not header:
        raise UnreadableFile(_("The first line must name the columns: ") + known)
    if "" in header:
        raise UnreadableFile(
            _("Column %(number)d isn't known. The first line must name the columns: ")
            % {"number": header.index("") + 1}
            + known
        )

    if twice := sorted({column for column in header if header.count(column) > 1}):
        raise UnreadableFile(_("These columns are there twice: ") + ", ".join(twice))
    if missing := [column for column in columns.required if column not in header]:
        raise UnreadableFile(_("These columns are missing: ") + ", ".join(missing))


def _read_rows(lines: Iterator[str], columns: list[str], delimiter: str) -> Iterator[Record]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)

    while True:
        line = reader.line_num + 2  # the header is line 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Record(line, {}, _broken_quotes(line, reader.line_num + 1))
            continue

        if any(value.strip() for value in row):
            yield _record(line, row, columns)


def _record(line: int, row: list[str], columns: list[str]) -> Record:
    if len(row) < len(columns) or any(value.strip() for value in row[len(columns) :]):
        reason = _("The line has %(found)d values; the header has %(expected)d.")
        counts = {"found": len(row), "expected": len(columns)}
        return Record(line, {}, LineProblem("", "columns", reason % counts))

    values = dict(zip(columns, (value.strip() for value in row), strict=False))
    for column, value in values.items():
        if not _is_text(value):
            return Record(
                line, values, LineProblem(column, "encoding", _("This isn't UTF-8 text."))
            )
    return Record(line, values)


def _broken_quotes(first: int, last: int) -> LineProblem:
    reason = _("The quotation marks don't match, or a value is far too long.")
    if last > first:
        reason += " " + _("Nothing was read up to line %(last)d.") % {"last": last}
    return LineProblem("", "malformed", reason)


def _is_text(value: str) -> bool:
    return not re.search("[\ud800-\udfff]", value)


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.strip().lower()).encode("ascii", "ignore")
    return re.sub(r"[^a-z0-9]+", "_", letters.decode()).strip("_")
