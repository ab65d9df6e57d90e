"""PostgreSQL's xid8: the id of the transaction that wrote a row."""

from typing import Any

from django.db import models


class Xid8Field(models.Field):  # type: ignore[type-arg]
    """A transaction id that never wraps; only the database sets it.

    The id means something only on the server that gave it: a restored or moved row has the id of
    the transaction that restored or moved it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {"db_default": models.Func(function="pg_current_xact_id"), "editable": False}
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["db_default"], kwargs["editable"]
        return name, path, args, kwargs

    def db_type(self, connection: Any) -> str:
        return "xid8"

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Any:
        return None if value is None else int(value)

    def get_prep_value(self, value: Any) -> Any:
        """The id as text, because PostgreSQL has no cast to xid8 from a number."""
        prepared = super().get_prep_value(value)
        return str(prepared) if isinstance(prepared, int) else prepared
