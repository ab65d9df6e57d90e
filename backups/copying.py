"""Rows out of PostgreSQL, as COPY writes them, with their number and their hash."""

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

CHUNK = 128 * 1024  # bytes gathered before they go on; more, and the server waits for a free socket
_AHEAD = 12  # how often a connection's socket is emptied before its turn: bounds the memory
_WIDE = "SELECT repeat('x', 256 * 1024)"

Connection = psycopg.Connection[Any]


class CopyOut:
    """What `COPY source TO STDOUT` gives of the sources, one after the other, as one stream.

    Once, in chunks of about CHUNK bytes. A source is a table with columns, or a query in
    parentheses. With two connections of one snapshot the server makes the next source's rows while
    those of the one before are read. By libpq's own calls: psycopg's Copy takes twice the time for
    many small rows. Whoever stops halfway loses the connections.
    """

    def __init__(
        self, connections: Sequence[Connection], sources: Sequence[sql.Composable]
    ) -> None:
        self._connections = connections
        copy = sql.SQL("COPY {} TO STDOUT")
        self._waiting = iter([copy.format(one).as_bytes(connections[0]) for one in sources])
        self._under_way: deque[PGconn] = deque()
        self._hash = hashlib.sha256()
        self._rows = 0

    def __iter__(self) -> Iterator[bytes]:
        for connection in self._connections:
            self._begin(connection.pgconn)
        try:
            while self._under_way:
                server = self._under_way[0]
                _expect(server.get_result(), ExecStatus.COPY_OUT)
                yield from self._rows_of(server)
                while result := server.get_result():
                    _expect(result, ExecStatus.COMMAND_OK)
                    self._rows += result.command_tuples or 0
                self._under_way.popleft()
                self._begin(server)
        except BaseException:  # nobody wants the rest: the transaction is of no use any more
            for server in self._under_way:
                server.finish()
            raise

    @property
    def rows(self) -> int:
        """How many there were, at the end."""
        return self._rows

    @property
    def rows_hash(self) -> str:
        """The SHA-256 of all that was given, hexadecimal."""
        return self._hash.hexdigest()

    def _begin(self, server: PGconn) -> None:
        if (statement := next(self._waiting, None)) is not None:
            server.send_query(statement)
            self._under_way.append(server)

    def _rows_of(self, server: PGconn) -> Iterator[bytes]:
        gathered, ahead = bytearray(), _AHEAD
        while (row := server.get_copy_data(0))[0] > 0:
            gathered += row[1]
            if len(gathered) >= CHUNK:
                yield self._hashed(gathered)
                gathered.clear()
                if ahead and len(self._under_way) > 1:
                    self._under_way[1].consume_input()
                    ahead -= 1
        if gathered:
            yield self._hashed(gathered)

    def _hashed(self, gathered: bytearray) -> bytes:
        chunk = bytes(gathered)
        self._hash.update(chunk)
        return chunk


def widen(connection: Connection) -> None:
    """Let the connection take in as much at once as the socket holds.

    libpq reads 16 KB at a time until it met a message larger than that. With small rows the calls
    to the system cost a twentieth of a COPY.
    """
    connection.execute(_WIDE)


def _expect(result: PGresult | None, status: ExecStatus) -> None:
    if result is None:
        raise psycopg.OperationalError("the server said nothing")
    if result.status != status:
        raise error_from_result(result)
