"""A schema as pg_dump sees it: the oracle for what was restored."""

import re
import subprocess
from collections.abc import Iterator

import psycopg

from devstack.stack import Stack

_NEW_EACH_TIME = re.compile(r"^\\(?:un)?restrict .*\n", re.MULTILINE)
_ROWS = re.compile(
    r'^COPY [^ ]+\."?(\w+)"? \(([^)]*)\) FROM stdin;\n(.*?)^\\\.$', re.MULTILINE | re.DOTALL
)
_SEQUENCES = re.compile(r"^SELECT pg_catalog\.setval.*\n", re.MULTILINE)  # may have gaps
_TRANSACTION = "xid"  # belongs to the server that wrote the row


def dumped(stack: Stack, schema: str, shard: str = "shard_1") -> str:
    """The schema without its name, transaction ids and sequences; rows sorted."""
    owner = stack.addresses()[f"{shard.upper()}_OWNER_URL"]
    text = subprocess.run(
        ["pg_dump", "-n", schema, owner],
        env=stack.environ({}),
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    return "".join(_parts(_SEQUENCES.sub("", _NEW_EACH_TIME.sub("", text)), schema))


def _parts(text: str, schema: str) -> Iterator[str]:
    at = 0
    for found in _ROWS.finditer(text):
        yield re.sub(rf"\b{schema}\b", "SCHEMA", text[at : found.start()])
        yield _sorted(found)
        at = found.end()
    yield re.sub(rf"\b{schema}\b", "SCHEMA", text[at:])


def _sorted(found: re.Match[str]) -> str:
    columns = found[2].split(", ")
    kept = [number for number, name in enumerate(columns) if name != _TRANSACTION]
    lines = (line.split("\t") for line in found[3].splitlines())
    rows = sorted("\t".join(line[number] for number in kept) for line in lines)
    return "\n".join([f"ROWS OF {found[1]}", *rows])


def leftovers(stack: Stack) -> list[str]:
    """The names of schemas aside that are still on the first shard."""
    with psycopg.connect(stack.addresses()["SHARD_1_OWNER_URL"]) as connection:
        rows = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ %s", [r"^r_"])
        return [name for (name,) in rows]
