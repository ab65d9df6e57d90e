"""The page and the scripts that each store holds: how to restore without this software."""

from contextlib import suppress
from pathlib import Path

from backups.errors import ObjectExists
from backups.stores import Store

FILES = ("README.md", "increments.sql", "restore.sh")


def write_readme(store: Store) -> None:
    """Put the page and the scripts into the store if they are missing. Raises StoreError."""
    for name in FILES:
        if store.size(name) is None:
            with suppress(ObjectExists):  # another run was faster
                store.create(name, (Path(__file__).parent / name).read_bytes())
