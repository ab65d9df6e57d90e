"""Reading a CSV file: a bad line costs a bounded stretch, and the file stays the caller's."""

import io

import pytest

from patients.imports import COLUMNS
from patients.imports.csv_file import read_records
from tests.patients.test_import import BIA, HEADER

pytestmark = pytest.mark.without_database


def test_a_quote_that_is_never_closed_costs_a_stretch_of_a_long_file() -> None:
    file = (HEADER + '"Bia,+55\n' + BIA * 5000).encode()
    records = list(read_records(io.BytesIO(file), COLUMNS))
    assert [record.line for record in records if record.problem] == [2]
    assert len(records) > 1000
    assert records[-1].line == 5002


def test_an_unfinished_reading_may_end_after_its_file() -> None:
    file = io.BytesIO((HEADER + BIA * 2).encode())
    reading = read_records(file, COLUMNS)
    next(reading)

    file.close()

    del reading  # a failure in the collection is a warning, and so an error
