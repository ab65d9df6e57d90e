"""FisioFlow's own exercises, one file per language. Every clinic starts with a copy of them."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_NOT_FIELDS = {"code", "progression"}


@dataclass(frozen=True, slots=True)
class LibraryExercise:
    """An exercise of the file: `fields` are the model's; the links are codes of other exercises."""

    code: str
    fields: dict[str, Any]
    progression: str | None
    regression: str | None


@cache
def library_exercises(language: str) -> tuple[LibraryExercise, ...]:
    """The exercises in a language, e.g. pt_BR. Raises FileNotFoundError for an unknown one.

    The file names a progression once, at the easier exercise; the regression follows from it.
    """
    text = (files(__package__) / f"{language}.json").read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = json.loads(text)["exercises"]
    easier = {entry["progression"]: entry["code"] for entry in entries if "progression" in entry}

    return tuple(
        LibraryExercise(
            code=entry["code"],
            fields={name: value for name, value in entry.items() if name not in _NOT_FIELDS},
            progression=entry.get("progression"),
            regression=easier.get(entry["code"]),
        )
        for entry in entries
    )
