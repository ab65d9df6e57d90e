"""Rows out of PostgreSQL as COPY writes them, counted and hashed."""

import hashlib
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

CHUNK = 128 * 1024  # bytes gathered before they go on; with more, the server waits on the socket
_WIDE = "SELECT repeat('x', 256 * 1024)"


class CopyOut:
    """The output of `COPY rows TO STDOUT`, once, in chunks of about CHUNK bytes.

    `rows` is a table with columns, or a query in parentheses. Calls libpq directly, because
    psycopg's Copy takes twice the time for many small rows. Stopping halfway closes the connection.
    """

    def __init__(self, connection: psycopg.Connection[Any], rows: sql.Composable) -> None:
        self._connection, self._copied = connection, rows
        self._hash = hashlib.sha256()
        self._rows = 0

    def __iter__(self) -> Iterator[bytes]:
        server = self._connection.pgconn
        statement = sql.SQL("COPY {} TO STDOUT").format(self._copied)
        _expect(server.exec_(statement.as_bytes(self._connection)), ExecStatus.COPY_OUT)

        gathered = bytearray()
        try:
            while (row := server.get_copy_data(0))[0] > 0:
                gathered += row[1]
                if len(gathered) >= CHUNK:
                    yield self._hashed(gathered)
                    gathered.clear()
        except GeneratorExit:  # nobody wants the rest, and the transaction is useless now
            server.finish()
            raise

        while result := server.get_result():
            _expect(result, ExecStatus.COMMAND_OK)
            self._rows = result.command_tuples or 0

        if gathered:
            yield self._hashed(gathered)

    @property
    def rows(self) -> int:
        """How many rows there were, once all are read."""
        return self._rows

    @property
    def rows_hash(self) -> str:
        """The SHA-256 of everything read so far, hexadecimal."""
        return self._hash.hexdigest()

    def _hashed(self, gathered: bytearray) -> bytes:
        chunk = bytes(gathered)
        self._hash.update(chunk)
        return chunk


def widen(connection: psycopg.Connection[Any]) -> None:
    """Let the connection read as much at once as the socket holds.

    libpq reads 16 KB at a time until it has met a larger message. With small rows, those system
    calls cost a twentieth of a COPY.
    """
    connection.execute(_WIDE)


def _expect(result: PGresult, status: ExecStatus) -> None:
    if result.status != status:
        raise error_from_result(result)
