"""Loading the stream of a full backup: COPY takes one table after the other, in bounded memory."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Self

from psycopg import sql

from backups.errors import WrongContent
from backups.format.manifests import Table
from backups.snapshot.tables import table_columns
from tenants.fleet import REFERENCE_TABLES
from tenants.schemas import advance_sequences

_LAST = b"COMMIT;\n"


class Loading:
    """Takes the stream's bytes; the rows among them go into the search path's tables.

    Rows of tables that only migrations write are skipped: they come from the shard's template.
    """

    def __init__(
        self,
        cursor: Any,
        tables: tuple[Table, ...],
        length: int,
        progress: Callable[[str, int, int], None],
    ) -> None:
        self._cursor, self._left, self._length = cursor, list(tables), length
        self._progress, self._stack = progress, ExitStack()

        self._columns = table_columns(cursor)
        self._copy: Any = None
        self._at = 0
        self._end = b""
        self._wrong = ""

    def __enter__(self) -> Self:
        self._stack.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def take(self, data: bytes) -> None:
        """Take the next bytes."""
        while data:
            here = self._step(data)
            self._at += here
            data = data[here:]

    def finish(self, key: str) -> None:
        """Set the sequences. Raises WrongContent unless every table came with all its rows."""
        if self._left or self._wrong or not self._end.endswith(_LAST):
            raise WrongContent(key)
        advance_sequences(self._cursor, list(self._columns))

    def _step(self, data: bytes) -> int:
        """Deal with the first bytes, as many as belong together; returns how many."""
        if not self._left:
            self._end = (self._end + data)[-len(_LAST) :]
            return len(data)

        table = self._left[0]
        if self._at < table.first_byte:
            return min(len(data), table.first_byte - self._at)

        here = min(len(data), table.end_byte - self._at)
        if table.name not in REFERENCE_TABLES:
            if self._copy is None:
                self._begin(table)
            self._copy.write(data[:here])
        if self._at + here == table.end_byte:
            self._finish(table)

        return here

    def _begin(self, table: Table) -> None:
        columns = sql.SQL(", ").join(map(sql.Identifier, self._columns[table.name]))
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FREEZE)").format(
            sql.Identifier(table.name), columns
        )
        self._copy = self._stack.enter_context(self._cursor.copy(statement))

    def _finish(self, table: Table) -> None:
        if self._copy is not None:
            self._stack.close()
            self._copy = None
            if self._cursor.rowcount != table.rows:
                self._wrong = table.name

        self._left.pop(0)
        self._progress(table.name, self._at, self._length)
