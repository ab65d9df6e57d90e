"""Dataclasses as canonical JSON: sorted keys, no white space, ASCII, so that it can be hashed.

Anything that is read must come out the same when it is written again. So unknown fields, repeated
fields and other spellings are refused.
"""

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, partial
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

T = TypeVar("T")


def encoded(value: Any) -> bytes:
    """The dataclass as one line, without the line's end."""
    plain = _plain(value)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def decoded(kind: type[T], line: bytes) -> T:
    """The dataclass of this kind that `encoded` wrote. Raises ValueError."""
    hint: Any = kind
    try:
        value: T = _reader(hint)(json.loads(line))
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a {kind.__name__}: {type(error).__name__}") from error

    if encoded(value) != line:
        raise ValueError(f"not the canonical form of a {kind.__name__}")

    return value


def _plain(value: Any) -> Any:
    kind: Any = type(value)
    if names := _names(kind):
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, UUID):
        return str(value)
    return value


@cache
def _names(kind: Any) -> tuple[str, ...]:
    """A dataclass's fields; none for any other type."""
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


@cache
def _reader(hint: Any) -> Callable[[Any], Any]:
    """Makes the hinted type of JSON's value. Cached: a manifest may have 500,000 documents."""
    if get_origin(hint) is UnionType:  # X | None
        (kind,) = (kind for kind in get_args(hint) if kind is not type(None))
        read = _reader(kind)
        return lambda value: None if value is None else read(value)

    if get_origin(hint) is tuple:
        read_item = _reader(get_args(hint)[0])
        return lambda value: tuple(map(read_item, value))

    if is_dataclass(hint):
        readers = {name: _reader(kind) for name, kind in get_type_hints(hint).items()}
        make: Any = hint
        return lambda value: make(**{name: readers[name](item) for name, item in value.items()})

    if hint is datetime:
        return datetime.fromisoformat
    if hint is UUID or (isinstance(hint, type) and issubclass(hint, StrEnum)):
        found: Callable[[Any], Any] = hint
        return found

    return partial(_exactly, hint)


def _exactly(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(kind)
    return value
