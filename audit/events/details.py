"""What an event's details may hold: ids, names from the code, counts, moments. Never content.

A key that isn't listed is refused, and so is a value that hasn't the key's form. So no text that
somebody typed, and no field's value, gets into an event (SBIS NGS1.07.06).
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_ROUTE = re.compile(r"[\w./<>:()?*^$-]{0,200}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_RECORD_ID = re.compile(r"[0-9A-Za-z-]{0,64}")


def _name(value: object) -> bool:
    return isinstance(value, str) and bool(_NAME.fullmatch(value))


def _names(value: object) -> bool:
    return isinstance(value, list) and all(map(_name, value))


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _id(value: object) -> bool:
    return isinstance(value, UUID)


def _moment(value: object) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None


def _route(value: object) -> bool:
    return isinstance(value, str) and bool(_ROUTE.fullmatch(value))


def _digest(value: object) -> bool:
    return isinstance(value, str) and bool(_DIGEST.fullmatch(value))


ALLOWED: dict[str, Callable[[object], bool]] = {
    "backup": _id,
    "code": _name,  # of an error
    "count": _count,  # rows
    "documents": _count,
    "email_sha256": _digest,  # of a lower-case e-mail that no user has
    "fields": _names,
    "filters": _names,
    "format": _name,
    "from": _moment,
    "method": _name,
    "new_role": _name,
    "old_role": _name,
    "operator_id": _id,  # of the platform's staff
    "reached": _moment,  # by a restore
    "route": _route,  # as the URL conf writes it, without the ids of the request
    "status": _count,
    "tables": _names,
    "task": _route,  # of a worker, by its dotted name
    "to": _moment,
}


def refuse_content(table_name: str, record_id: object, details: Mapping[str, Any]) -> None:
    """Raises ValueError for anything that may be content; its message doesn't repeat the value."""
    if table_name and not _name(table_name):
        raise ValueError("An event's table_name is the name of a table.")
    if not _RECORD_ID.fullmatch(str(record_id)):
        raise ValueError("An event's record_id is an id.")

    for key, value in details.items():
        fits = ALLOWED.get(key)
        if fits is None:
            raise ValueError(f"An event's details have no {key!r}: see audit.events.details.")
        if not fits(value):
            raise ValueError(
                f"An event's {key!r} isn't of the expected form: see audit.events.details."
            )
