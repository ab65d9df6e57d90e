"""The documents name what there is: files, headings, make targets, commands, tests, code, roles."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class

from accounts.models import Role
from tests.documents import CHECKOUT, DOCUMENTS, RECORDS, code_in, place, text_of
from tests.own_apps import own_apps

pytestmark = pytest.mark.without_database
LONGEST_README = 120  # lines
SECTIONS = ["Context", "Options", "Decision", "Consequences", "When this stops holding"]
EVERYWHERE = pytest.mark.parametrize("document", DOCUMENTS, ids=place)
EVERY_RECORD = pytest.mark.parametrize("record", RECORDS, ids=place)


# --- Links, commands, paths --------------------------------------------------------------------


def anchors(path: Path) -> set[str]:
    """The headings of a document as links name them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@EVERYWHERE
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if re.match("[a-z]+:", target):
            continue

        name, _, anchor = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        assert path.exists(), f"{target}: there is no such file"
        assert not anchor or anchor in anchors(path), f"{target}: there is no such heading"


def test_every_document_is_in_the_index() -> None:
    index = CHECKOUT / "docs" / "README.md"
    targets = re.findall(r"\]\(([^)\s#]+)\)", index.read_text(encoding="utf-8"))
    listed = {(index.parent / target).resolve() for target in targets}

    pages = set(CHECKOUT.glob("docs/*/*.md")) - set(RECORDS)
    assert {place(page) for page in pages - listed} == set(), "Link these from docs/README.md."


def test_the_readme_is_read_in_one_sitting() -> None:
    assert len(text_of("README.md").splitlines()) <= LONGEST_README


@EVERYWHERE
def test_every_make_target_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", text_of("Makefile"), re.MULTILINE))

    for code in code_in(document.read_text(encoding="utf-8")):
        for named in re.findall(r"(?:^|[\"(]|&& )make (?:-s )?([a-z][a-z0-9-]*)", code):
            assert named in targets, f"make {named}: the Makefile has no such target"


@EVERYWHERE
def test_every_command_and_its_options_exist(document: Path) -> None:
    known = get_commands()
    text = document.read_text(encoding="utf-8").replace("\\\n", " ")

    for code in code_in(text):
        for name, arguments in re.findall(r"manage\.py ([a-z_]+)([^|&;]*)", code):
            assert name in known, f"manage.py {name}: there is no such command"
            for option in re.findall(r" (--[a-z-]+)", arguments):
                assert option in options_of(name), f"manage.py {name} has no {option}"


def options_of(name: str) -> set[str]:
    """The options of a command."""
    command: Any = get_commands()[name]
    if isinstance(command, str):
        command = load_command_class(command, name)
    return set(command.create_parser("manage.py", name)._option_string_actions)


@EVERYWHERE
def test_every_path_and_test_that_is_named_exists(document: Path) -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in CHECKOUT.glob("tests/**/*.py"))
    tops = {path.name for path in CHECKOUT.iterdir() if path.is_dir() and path.name[0] != "."}

    for code in re.findall(r"`([^`\n]+)`", document.read_text(encoding="utf-8")):
        if re.fullmatch(r"[\w.-]+/[\w./-]*", code) and code.split("/")[0] in tops:
            assert (CHECKOUT / code).exists(), f"{code}: there is no such file or folder"
        if re.fullmatch(r"test_\w+", code):
            assert f"def {code}(" in tests, f"{code}: there is no such test"


@EVERYWHERE
def test_every_dotted_name_of_ours_exists(document: Path) -> None:
    ours = {app.name for app in own_apps()} | {"core", "devstack"}

    for code in re.findall(r"`([\w.]+)(?:\(\))?`", document.read_text(encoding="utf-8")):
        first, _, rest = code.partition(".")
        if first in ours and rest and not re.match(r"E\d+$|py$", rest):
            assert found(code), f"{code}: there is no such module, class or function"


def found(name: str) -> bool:
    """Whether the dotted name is a module or, from the first part that isn't, an attribute."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            thing: Any = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue

        for attribute in parts[length:]:
            if not hasattr(thing, attribute):
                return False
            thing = getattr(thing, attribute)
        return True
    return False


# --- Words -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["docs/reference/glossary.md", "CHANGELOG.md"])
@pytest.mark.parametrize("role", Role.values)
def test_every_role_is_named(name: str, role: str) -> None:
    assert re.search(rf"\b{role}\b", text_of(name)), f"{name} doesn't name the role {role}."


def test_the_glossary_is_in_order_and_says_each_word_once() -> None:
    words = re.findall(r"^\| ([^|]+?) \|", text_of("docs/reference/glossary.md"), re.MULTILINE)[1:]
    assert words == sorted(words, key=str.lower)
    assert len(set(words)) == len(words)


# --- Decision records --------------------------------------------------------------------------


def test_decision_records_have_numbers_of_their_own() -> None:
    numbers = [record.name[:4] for record in RECORDS]
    assert all(re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", record.name) for record in RECORDS)
    assert len(set(numbers)) == len(numbers), "Two records have one number: take the next free one."


@EVERY_RECORD
def test_a_decision_record_has_the_form(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    assert text.startswith(f"# {int(record.name[:4])}. ")
    assert re.search(r"^Status: (accepted|superseded by \d+), \w+ \d{4}$", text, re.MULTILINE)

    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings == SECTIONS, f"A record has these sections, in this order: {SECTIONS}"
