"""A schema's rules, split up so that they can be built table by table, with few scans.

The file `rules.sql` (tenants/ddl.py) holds one statement for each rule. Here one statement adds all
constraints of a table except its foreign keys, and so reads the table once.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_NAME = r'("(?:[^"]|"")+"|[^\s"]+)'
_NEXT = re.compile(r";\n(?=ALTER TABLE |CREATE |COMMENT ON )")
_CONSTRAINT = re.compile(rf"ALTER TABLE (?:ONLY )?{_NAME} (ADD CONSTRAINT {_NAME} .*)", re.DOTALL)
_INDEX = re.compile(rf"CREATE (?:UNIQUE )?INDEX {_NAME} ON (?:ONLY )?{_NAME} ")


@dataclass(frozen=True, slots=True)
class Rules:
    """The statements for each table, and the last ones, once all tables have theirs."""

    of_table: dict[str, list[str]]
    last: list[str]


def parse_rules(script: str) -> Rules:
    """Split the script. Tables are named as in SQL, without quotes."""
    of_table: dict[str, list[str]] = {}
    own: dict[str, list[str]] = {}
    foreign: dict[str, list[str]] = {}
    last = []

    for statement in _statements(script):
        if found := _CONSTRAINT.fullmatch(statement):
            is_foreign = found[2].startswith(f"ADD CONSTRAINT {found[3]} FOREIGN KEY ")
            (foreign if is_foreign else own).setdefault(found[1], []).append(found[2])
        elif found := _INDEX.match(statement):
            of_table.setdefault(_bare(found[2]), []).append(statement)
        else:
            last.append(statement)

    for table, constraints in own.items():
        of_table.setdefault(_bare(table), []).insert(0, _added(table, constraints))

    return Rules(of_table, [*(_added(t, c) for t, c in foreign.items()), *last])


def _statements(script: str) -> Iterable[str]:
    return _NEXT.split(script.removesuffix(";\n")) if script else []


def _added(table: str, constraints: list[str]) -> str:
    return f"ALTER TABLE {table} {', '.join(constraints)}"


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
