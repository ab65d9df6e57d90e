"""The documents say what the code does: names, defaults, roles and links that exist."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class
from django.urls import get_resolver

from accounts.models import Role
from core import constraints
from core.errors import FisioFlowError
from tests.own_apps import own_apps

pytestmark = pytest.mark.without_database
CHECKOUT = Path(__file__).parents[1]
DOCUMENTS = sorted([*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md")])
RECORDS = sorted(CHECKOUT.glob("docs/adr/*.md"))
READERS = [
    *[
        "manage.py",
        "fisioflow/settings.py",
        "fisioflow/databases.py",
        "fisioflow/wsgi.py",
        "fisioflow/celery.py",
    ],
    *["deploy/*.py", "*/management/commands/*.py", "devstack/*.py"],
]
# Set by a program for its own next step, not by a person.
INTERNAL = {"METRICS_OF_PROCESS", "PATH", "SECRET_KEY_FILE"}
SECTIONS = ["Context", "Options", "Decision", "Consequences", "When this stops holding"]
# Raised by commands, background work and the platform's admin alone.
NOT_OF_THE_API = {
    "clinic_exists",
    "demo_refused",
    "folder_not_empty",
    "import_raced",
    "no_open_shard",
    "not_of_the_staff",
    "person_not_found",
    "primary_domain",
    "reason_missing",
    "scanner_unavailable",
    "shard_not_empty",
    "unreadable_file",
}


def place(path: Path) -> str:
    return str(path.relative_to(CHECKOUT))


def text_of(name: str) -> str:
    return (CHECKOUT / name).read_text(encoding="utf-8")


def rows(text: str) -> Iterator[list[str]]:
    """The cells of every row of every table below its header, code marks kept."""
    for table in re.findall(r"^\|[-|]+\|\n((?:\|.*\|\n)+)", text, re.MULTILINE):
        for line in table.splitlines():
            yield [cell.strip() for cell in line.strip("|").split("|")]


def code_in(text: str) -> list[str]:
    """What stands between code marks, and the lines of the fenced blocks."""
    blocks = re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [*re.findall(r"`([^`\n]+)`", text), *"".join(blocks).splitlines()]


# --- Environment variables ---------------------------------------------------------------------


def variables_read() -> dict[str, str | None]:
    """Every environment variable that the code reads, with its default as the document writes it.

    None: needed, computed, or told apart by the code.
    """
    found: dict[str, str | None] = {}
    for path in (path for pattern in READERS for path in sorted(CHECKOUT.glob(pattern))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name, default = _read_by(node)
            if name and (default is not None or name not in found):
                found[name] = default
    shell = text_of("deploy/entrypoint.sh")
    return found | {name: found.get(name) for name in re.findall(r"\$\{([A-Z_]+)", shell)}


def _read_by(node: ast.AST) -> tuple[str, str | None]:
    if isinstance(node, ast.Subscript) and "environ" in ast.unparse(node.value):
        return _name(node.slice), None
    if not isinstance(node, ast.Call) or not node.args:
        return "", None
    called = ast.unparse(node.func)
    if called.startswith(("env_", "_database", "_owner")):
        defaults = [*(k.value for k in node.keywords if k.arg == "default"), *node.args[1:]]
        return _name(node.args[0]), _literal(defaults[0]) if defaults else None
    if re.fullmatch(r"(os\.)?environ\.(get|setdefault|pop)", called):
        return _name(node.args[0]), None
    return "", None


def _name(node: ast.AST) -> str:
    """A literal name of a variable; `<N>` in place of what is put into an f-string."""
    if isinstance(node, ast.JoinedStr):
        parts = [str(p.value) if isinstance(p, ast.Constant) else "<N>" for p in node.values]
        return "".join(parts)
    is_name = isinstance(node, ast.Constant) and re.fullmatch("[A-Z][A-Z0-9_]+", str(node.value))
    return str(node.value) if isinstance(node, ast.Constant) and is_name else ""


def _literal(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Constant):
        return None
    if isinstance(node.value, bool):
        return "on" if node.value else "off"
    return str(node.value) or "none"


def variables_documented() -> dict[str, str]:
    cells = [row for row in rows(text_of("docs/settings.md")) if len(row) == 4]
    return {row[0].strip("`"): row[2].strip("`") for row in cells}


def test_every_environment_variable_is_in_the_table_and_nothing_else_is() -> None:
    read, documented = set(variables_read()) - INTERNAL, set(variables_documented())
    assert {"SECRET_KEY", "SHARD_<N>_URL", "DEMO_PASSWORD", "METRICS_PORT"} <= read
    assert read - documented == set(), "Give each a row in docs/settings.md."
    assert documented - read == set(), "Nothing reads these: take them out of docs/settings.md."


def test_the_table_has_the_defaults_of_the_code() -> None:
    documented = variables_documented()
    wrong = {
        name: f"documented {documented[name]}, in the code {default}"
        for name, default in variables_read().items()
        if default is not None and name in documented and documented[name] != default
    }
    assert wrong == {}, "Write the code's default into docs/settings.md."


def test_the_settings_that_the_readme_shows_exist() -> None:
    shown = re.findall(r"^\| (`[A-Z].*?) \|", text_of("README.md"), re.MULTILINE)
    names = {
        re.sub(r"\d+", "<N>", name) for cell in shown for name in re.findall("[A-Z_0-9]+", cell)
    }
    assert names
    assert names <= set(variables_documented())


# --- Links, commands, paths --------------------------------------------------------------------


def anchors(path: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("document", DOCUMENTS, ids=place)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if re.match("[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        assert path.exists(), f"{target}: there is no such file"
        assert not anchor or anchor in anchors(path), f"{target}: there is no such heading"


@pytest.mark.parametrize("document", DOCUMENTS, ids=place)
def test_every_make_target_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", text_of("Makefile"), re.MULTILINE))
    for code in code_in(document.read_text(encoding="utf-8")):
        for named in re.findall(r"(?:^|[\"(]|&& )make (?:-s )?([a-z][a-z0-9-]*)", code):
            assert named in targets, f"make {named}: the Makefile has no such target"


@pytest.mark.parametrize("document", DOCUMENTS, ids=place)
def test_every_command_and_its_options_exist(document: Path) -> None:
    known = get_commands()
    text = document.read_text(encoding="utf-8").replace("\\\n", " ")
    for code in code_in(text):
        for name, arguments in re.findall(r"manage\.py ([a-z_]+)([^|&;]*)", code):
            assert name in known, f"manage.py {name}: there is no such command"
            command: Any = known[name]
            if isinstance(command, str):
                command = load_command_class(command, name)
            options = command.create_parser("manage.py", name)._option_string_actions
            for option in re.findall(r" (--[a-z-]+)", arguments):
                assert option in options, f"manage.py {name} has no {option}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=place)
def test_every_path_and_test_that_is_named_exists(document: Path) -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in CHECKOUT.glob("tests/**/*.py"))
    tops = {path.name for path in CHECKOUT.iterdir() if path.is_dir() and path.name[0] != "."}
    for code in re.findall(r"`([^`\n]+)`", document.read_text(encoding="utf-8")):
        if re.fullmatch(r"[\w.-]+/[\w./-]*", code) and code.split("/")[0] in tops:
            assert (CHECKOUT / code).exists(), f"{code}: there is no such file or folder"
        if re.fullmatch(r"test_\w+", code):
            assert f"def {code}(" in tests, f"{code}: there is no such test"


# --- Decision records --------------------------------------------------------------------------


def test_decision_records_have_numbers_of_their_own() -> None:
    numbers = [record.name[:4] for record in RECORDS]
    assert all(re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", record.name) for record in RECORDS)
    assert len(set(numbers)) == len(numbers), "Two records have one number: take the next free one."


@pytest.mark.parametrize("record", RECORDS, ids=place)
def test_a_decision_record_has_the_form(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    assert text.startswith(f"# {int(record.name[:4])}. ")
    assert re.search(r"^Status: (accepted|superseded by \d+), \w+ \d{4}$", text, re.MULTILINE)
    heads = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert heads == SECTIONS, f"A record has these sections, in this order: {SECTIONS}"


# --- The API's page ----------------------------------------------------------------------------


def roles_of_views(patterns: list[Any], prefix: str = "/") -> Iterator[tuple[str, Any]]:
    """`METHOD route` and the roles of every action that asks for a role."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from roles_of_views(pattern.url_patterns, route)
            continue
        roles = getattr(pattern.callback.cls, "roles", {})
        actions = getattr(pattern.callback, "actions", {name: name for name in roles})
        for method, action in actions.items():
            if method != "head" and action in roles:
                yield f"{method.upper()} {re.sub('<.*>', '{id}', route)}", roles[action]


def test_the_table_of_roles_is_that_of_the_views() -> None:
    columns = [Role.OWNER, Role.MANAGER, Role.THERAPIST, Role.RECEPTIONIST, Role.PATIENT]
    allowed = {
        called: ["yes" if role in roles else "no" for role in columns]
        for called, roles in roles_of_views(get_resolver("fisioflow.urls_api").url_patterns)
    }
    lines = [row for row in rows(text_of("docs/api.md")) if len(row) == len(columns) + 1]
    assert {row[0].strip("`"): row[1:] for row in lines} == allowed


def test_every_refusal_that_a_client_can_meet_is_in_the_page() -> None:
    for app in own_apps():
        for found in pkgutil.walk_packages([app.path], f"{app.name}."):
            if found.name.endswith("errors"):
                importlib.import_module(found.name)
    page = text_of("docs/api.md")
    codes = {
        error.code
        for error in _below(FisioFlowError)
        if error.status < 500 or error.retry_after is not None
    }
    field_codes = {rule.code for rule in constraints._rules.values()}
    missing = {code for code in (codes - NOT_OF_THE_API) | field_codes if f"`{code}`" not in page}
    assert missing == set(), "Say in docs/api.md when a client gets these, or list them above."


def _below(error: type[FisioFlowError]) -> Iterator[type[FisioFlowError]]:
    for one in error.__subclasses__():
        if not one.__module__.startswith("test"):  # tests make up errors of their own
            yield one
            yield from _below(one)
