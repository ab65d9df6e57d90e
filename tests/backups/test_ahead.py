"""Chunks that are read ahead come in order, with the reader's error, and the reader ends."""

import threading
from collections.abc import Iterator

import pytest

from backups.ahead import ahead

pytestmark = pytest.mark.without_database


def numbers(count: int, closed: list[str]) -> Iterator[bytes]:
    try:
        for number in range(count):
            yield str(number).encode()
    finally:
        closed.append("closed")


def test_chunks_come_in_order() -> None:
    closed: list[str] = []
    assert list(ahead(numbers(100, closed))) == [str(number).encode() for number in range(100)]
    assert closed == ["closed"]


def test_what_the_reader_raises_is_raised() -> None:
    def broken() -> Iterator[bytes]:
        yield b"one"
        raise ValueError("gone")

    found = ahead(broken())
    assert next(found) == b"one"
    with pytest.raises(ValueError, match="gone"):
        next(found)


def test_a_reader_that_nobody_wants_ends() -> None:
    closed: list[str] = []
    found = ahead(numbers(1_000_000, closed))
    assert next(found) == b"0"
    found.close()  # type: ignore[attr-defined]
    assert closed == ["closed"]
    assert "reading ahead" not in {thread.name for thread in threading.enumerate()}
