"""Reads a CSV of patients one record at a time, whatever is wrong with it. Knows no database."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.translation import gettext as _

from core.errors import FisioFlowError

LONGEST_LINE = 1_000_000  # characters: what is longer is no CSV, and isn't read into memory
REQUIRED = ("name", "phone", "cpf", "birth_date")
# Names that a column may have, in any letter case, with or without accents, "_" being any blank.
COLUMNS = {
    "name": ("name", "full_name", "nome", "nome_completo", "paciente"),
    "email": ("email", "e_mail"),
    "phone": ("phone", "telefone", "celular", "fone"),
    "cpf": ("cpf",),
    "birth_date": ("birth_date", "data_nascimento", "data_de_nascimento", "nascimento"),
    "medical_history": ("medical_history", "historico", "historico_medico", "historico_clinico"),
    "therapist_email": (
        "therapist_email",
        "email_fisioterapeuta",
        "e_mail_fisioterapeuta",
        "email_do_fisioterapeuta",
        "e_mail_do_fisioterapeuta",
        "fisioterapeuta",
    ),
}
_BY_ALIAS = {alias: column for column, aliases in COLUMNS.items() for alias in aliases}


class UnreadableFile(FisioFlowError):
    """This is no CSV file of patients."""

    code = "unreadable_file"
    status = 400


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line. `field` is empty for the line as a whole; no value is quoted."""

    field: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the line it begins at, and its values by column, or why it can't be read."""

    line: int
    values: Mapping[str, str]
    problem: Problem | None = None


def read_records(file: BinaryIO) -> Iterator[Record]:
    """The records below the header; blank lines are passed over.

    Raises UnreadableFile when the header isn't one, or a line is too long to be one.
    """
    # Bytes that aren't UTF-8 become lone surrogates, so that only their own line is refused.
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        lines = _lines(text)
        columns, delimiter = _read_header(next(lines, ""))
        yield from _read_rows(lines, columns, delimiter)
    finally:
        text.detach()  # the file stays the caller's to close


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    number = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE and not line.endswith(("\n", "\r")):
            raise UnreadableFile(_("Line %(line)d is too long.") % {"line": number})
        yield line


def _read_header(line: str) -> tuple[list[str], str]:
    if not _is_text(line) or "\0" in line:
        raise UnreadableFile(_("The file isn't UTF-8 text. Save it as “CSV UTF-8”."))
    delimiter = ";" if line.count(";") > line.count(",") else ","
    try:
        names = next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        names = []
    while names and not names[-1].strip():
        names.pop()
    columns = [_BY_ALIAS.get(_plain(name), "") for name in names]
    # What isn't known may be a patient's line, in a file without a header: it isn't quoted.
    if not columns:
        raise UnreadableFile(_("The first line must name the columns: ") + ", ".join(COLUMNS))
    if "" in columns:
        raise UnreadableFile(
            _("Column %(number)d isn't known. The first line must name the columns: ")
            % {"number": columns.index("") + 1}
            + ", ".join(COLUMNS)
        )
    if twice := sorted({column for column in columns if columns.count(column) > 1}):
        raise UnreadableFile(_("These columns are there twice: ") + ", ".join(twice))
    if missing := [column for column in REQUIRED if column not in columns]:
        raise UnreadableFile(_("These columns are missing: ") + ", ".join(missing))
    return columns, delimiter


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
        return Record(line, {}, Problem("", "columns", reason % counts))
    values = dict(zip(columns, (value.strip() for value in row), strict=False))
    for column, value in values.items():
        if not _is_text(value):
            return Record(line, values, Problem(column, "encoding", _("This isn't UTF-8 text.")))
    return Record(line, values)


def _broken_quotes(first: int, last: int) -> Problem:
    reason = _("The quotation marks don't match, or a value is far too long.")
    if last > first:
        reason += " " + _("Nothing was read up to line %(last)d.") % {"last": last}
    return Problem("", "malformed", reason)


def _is_text(value: str) -> bool:
    return not re.search("[\ud800-\udfff]", value)


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.strip().lower()).encode("ascii", "ignore")
    return re.sub(r"[^a-z0-9]+", "_", letters.decode()).strip("_")
