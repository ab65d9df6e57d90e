"""Reads the documents for the tests that compare them with the code."""

import re
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md")])
RECORDS = sorted(CHECKOUT.glob("docs/adr/*.md"))


def place(path: Path) -> str:
    """The path from the checkout."""
    return str(path.relative_to(CHECKOUT))


def text_of(name: str) -> str:
    """The text of a file, by its path from the checkout."""
    return (CHECKOUT / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """The text below a heading, up to the next heading of its level or above."""
    level = heading.partition(" ")[0]
    below = text.partition(f"\n{heading}\n")[2]
    assert below, f"The document has no heading: {heading}"
    return re.split(rf"^#{{1,{len(level)}}} ", below, flags=re.MULTILINE)[0]


def rows(text: str) -> Iterator[list[str]]:
    """The cells of every row of every table below its header, code marks kept."""
    for table in re.findall(r"^\|[-|]+\|\n((?:\|.*\|\n)+)", text, re.MULTILINE):
        for line in table.splitlines():
            yield [cell.strip() for cell in line.strip("|").split("|")]


def code_in(text: str) -> list[str]:
    """The texts between code marks, and the lines of the fenced blocks."""
    blocks = re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [*re.findall(r"`([^`\n]+)`", text), *"".join(blocks).splitlines()]
