"""The reference pages match the code: who may call what, every code, every command."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import get_commands
from django.urls import get_resolver
from rest_framework import fields, relations, serializers

from accounts.models import Role
from core import constraints
from core.errors import FisioFlowError
from tests.documents import CHECKOUT, rows, section, text_of
from tests.own_apps import own_apps
from tests.test_conventions import ERRORS, source_files

pytestmark = pytest.mark.without_database
API = "docs/reference/api.md"
CODES = "docs/reference/codes.md"
COMMANDS = "docs/reference/commands.md"
# What Django and REST framework refuse, and the end of the line for a defect.
NOT_OURS = {
    ("400", "parse_error"),
    ("400", "too_deep"),
    ("400", "bad_request"),
    ("401", "not_authenticated"),
    ("404", "not_found"),
    ("405", "method_not_allowed"),
    ("406", "not_acceptable"),
    ("415", "unsupported_media_type"),
    ("500", "internal_error"),
}


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


def test_the_table_of_roles_matches_the_views() -> None:
    columns = [role for role in Role if role is not Role.PLATFORM]
    allowed = {
        called: ["yes" if role in roles else "no" for role in columns]
        for called, roles in roles_of_views(get_resolver("fisioflow.urls_api").url_patterns)
    }

    table = section(text_of(API), "## Who may do what")
    assert f"| | {' | '.join(columns)} |" in table, "A column for each role, in Role's order."
    lines = [row for row in rows(table) if row[0].startswith("`")]
    assert {row[0].strip("`"): row[1:] for row in lines} == allowed


def codes_documented() -> Iterator[tuple[str, str]]:
    """Each row's status with each of its codes."""
    for row in rows(text_of(CODES)):
        if re.fullmatch(r"\d{3}", row[0]):
            yield from ((row[0], code) for code in re.findall(r"`(\w+)`", row[1]))


def test_every_error_code_is_in_the_page_and_no_other() -> None:
    documented = list(codes_documented())
    raised = {
        (str(error.status), error.code) for error in ERRORS if error is not FisioFlowError
    } | NOT_OURS

    assert len(set(documented)) == len(documented), "A code has one row."
    assert raised - set(documented) == set(), f"Say in {CODES} when these happen."
    assert set(documented) - raised == set(), f"Nothing raises these: take them out of {CODES}."


def test_what_a_client_can_meet_is_among_the_answers_of_the_api() -> None:
    answers = section(text_of(CODES), "## What the API answers")
    waits = {error.code for error in ERRORS if error.status >= 500 and error.retry_after}
    background = {"scanner_unavailable"}

    missing = {code for code in waits - background if f"`{code}`" not in answers}
    assert missing == set(), "A client can meet these: they are answered with Retry-After."


def test_every_code_of_a_field_is_in_the_page_and_no_other() -> None:
    documented = set(re.findall(r"`([a-z_]+)`", codes_of_fields()))
    ruled = {rule.code for rule in constraints._rules.values()}
    assert ruled - documented == set(), f"Say in {CODES} which fields have these."

    known = ruled | said_in_code() | said_by_rest_framework()
    assert documented - known == set(), f"Nothing says these: take them out of {CODES}."


def codes_of_fields() -> str:
    """The section's text and its tables' second column; the first has fields."""
    text = section(text_of(CODES), "## In `errors`")
    prose = re.sub(r"^\|.*\n", "", text, flags=re.MULTILINE)
    return prose + " ".join(row[1] for row in rows(text))


def said_in_code() -> set[str]:
    """Every word that stands in our code as a text of its own."""
    return {
        node.value
        for path in source_files()
        if path.relative_to(CHECKOUT).parts[0] != "tests"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def said_by_rest_framework() -> set[str]:
    """The codes of its fields, and of the validators that they take."""
    found = {"min_length", "max_length", "min_value", "max_value", "null_characters_not_allowed"}
    found |= {"surrogate_characters_not_allowed"}
    for module in (fields, relations, serializers):
        for thing in vars(module).values():
            found |= set(getattr(thing, "default_error_messages", {}))
    return found


def test_every_command_of_ours_has_its_row() -> None:
    apps = {app.name for app in own_apps()}
    ours = {name for name, app in get_commands().items() if _package(app) in apps}
    named = [re.findall(r"`([a-z_]+)", row[0]) for row in rows(text_of(COMMANDS))]

    documented = [names[0] for names in named]
    assert len(set(documented)) == len(documented), "A command has one row."
    assert ours - set(documented) == set(), f"Give each a row in {COMMANDS}."
    assert set(documented) - ours == set(), f"There are no such commands: {COMMANDS}."


def _package(app: Any) -> str:
    """get_commands() has an app's name or, for a command that was loaded, the command."""
    return app if isinstance(app, str) else type(app).__module__.partition(".")[0]
