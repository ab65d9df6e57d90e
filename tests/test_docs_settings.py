"""The page of settings has every environment variable that the code reads, and its default."""

import ast
import re

import pytest

from tests.documents import CHECKOUT, rows, text_of

pytestmark = pytest.mark.without_database
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
PAGE = "docs/reference/settings.md"


def variables_read() -> dict[str, str | None]:
    """Every environment variable that the code reads, with its default as the document writes it.

    None: needed, computed, or decided by the code.
    """
    found: dict[str, str | None] = {}
    paths = [path for pattern in READERS for path in sorted(CHECKOUT.glob(pattern))]

    for path in paths:
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
    cells = [row for row in rows(text_of(PAGE)) if len(row) == 4]
    return {row[0].strip("`"): row[2].strip("`") for row in cells}


def test_every_environment_variable_is_in_the_table_and_nothing_else_is() -> None:
    read, documented = set(variables_read()) - INTERNAL, set(variables_documented())

    assert {"SECRET_KEY", "SHARD_<N>_URL", "DEMO_PASSWORD", "METRICS_PORT"} <= read
    assert read - documented == set(), f"Give each a row in {PAGE}."
    assert documented - read == set(), f"Nothing reads these: take them out of {PAGE}."


def test_the_table_has_the_defaults_of_the_code() -> None:
    documented = variables_documented()

    wrong = {
        name: f"documented {documented[name]}, in the code {default}"
        for name, default in variables_read().items()
        if default is not None and name in documented and documented[name] != default
    }

    assert wrong == {}, f"Write the code's default into {PAGE}."


def test_the_settings_that_the_readme_shows_exist() -> None:
    shown = re.findall(r"^\| (`[A-Z].*?) \|", text_of("README.md"), re.MULTILINE)
    names = {
        re.sub(r"\d+", "<N>", name) for cell in shown for name in re.findall("[A-Z_0-9]+", cell)
    }

    assert names
    assert names <= set(variables_documented())
