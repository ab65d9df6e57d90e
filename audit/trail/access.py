"""Which roles read the trail. The app that has roles registers them; until then nobody may."""

from collections.abc import Iterable

READERS: set[str] = set()


def register_readers(roles: Iterable[str]) -> None:
    """Let people of these roles read the clinic's trail."""
    READERS.update(roles)
