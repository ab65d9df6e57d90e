"""The types of what this folder's fixtures give a test."""

from collections.abc import Sequence
from typing import Any, Protocol

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]


class AsApplication(Protocol):
    """`as_application(path, actor)`: a connection as the application's role."""

    def __call__(self, path: str = "", actor: str = ...) -> Connection: ...


class Sql(Protocol):
    """`sql("SELECT ...", [...])` in the current clinic, as the application; returns the rows."""

    def __call__(self, statement: str, params: Sequence[Any] | None = None) -> list[Any]: ...
