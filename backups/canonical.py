"""Dataclasses as canonical JSON: sorted keys, no white space, ASCII, so that a hash means it.

What is read must come out the same when it is written again. So there is no unknown field, no field
twice and no second spelling.
"""

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

T = TypeVar("T")


def encoded(value: Any) -> bytes:
    """The dataclass as one line, without the line's end."""
    plain = _plain(value)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def decoded(kind: type[T], line: bytes) -> T:
    """The dataclass of this kind that was written so. Raises ValueError."""
    try:
        value: T = _typed(kind, json.loads(line))
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a {kind.__name__}: {type(error).__name__}") from error
    if encoded(value) != line:
        raise ValueError(f"not the canonical form of a {kind.__name__}")
    return value


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, UUID):
        return str(value)
    return value


def _typed(hint: Any, value: Any) -> Any:
    if get_origin(hint) is UnionType:  # X | None
        (kind,) = (kind for kind in get_args(hint) if kind is not type(None))
        return None if value is None else _typed(kind, value)
    if get_origin(hint) is tuple:
        return tuple(_typed(get_args(hint)[0], item) for item in value)
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return hint(**{name: _typed(hints[name], item) for name, item in value.items()})  # type: ignore[operator]
    if hint is datetime:
        return datetime.fromisoformat(value)
    if hint is UUID or (isinstance(hint, type) and issubclass(hint, StrEnum)):
        return hint(value)
    if type(value) is not hint:
        raise TypeError(hint)
    return value
