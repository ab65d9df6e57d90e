"""Any failure of a command is one line, one JSON object if asked for, and a status."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from backups.format.manifests import Signed
from backups.stores import Store
from devstack.stack import Stack
from tests.backups.processes import environ
from tests.backups.rebuilding import backed_up
from tests.people import FreshClinic

NOBODY = str(uuid4())
SILENT = "postgresql://nobody@127.0.0.1:1/nothing"


def run(env: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    """Run the command as an operator types it, without standard input."""
    done = subprocess.run(
        [sys.executable, "-m", "django", *arguments],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def env(settings: Settings, stack: Stack) -> dict[str, str]:
    return environ(settings, stack)


@pytest.fixture
def made(fresh_clinic: FreshClinic, configured: Store) -> Signed:
    return backed_up(configured, fresh_clinic.route)


# --- Messages of each command ------------------------------------------------------------------

FAILING = {
    "backup": (("backup", "nowhere"), "failed", "No such clinic: nowhere"),
    "backups": (("backups", "nowhere"), "backup_missing", "no such backup"),
    "verify_backup": (("verify_backup", NOBODY), "failed", "name its clinic"),
    "prune_backups": (("prune_backups", "nowhere"), "failed", "No such clinic"),
    "drill": (("drill", "nowhere"), "failed", "No such clinic"),
    "restore": (
        ("restore", "latest", "--clinic", "nowhere", "--noinput"),
        "backup_missing",
        "no such backup",
    ),
    "undo_restore": (("undo_restore", "nowhere"), "failed", "No such clinic"),
    "backup_keys": (("backup_keys", "/proc/nowhere"), "failed", "/proc/nowhere"),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_failure_is_one_json_object(
    name: str, fresh_clinic: FreshClinic, configured: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, code, text = FAILING[name]

    with pytest.raises(CommandError, match=text) as refused:
        call_command(*arguments, "--json")

    said = json.loads(capsys.readouterr().out)
    assert said == {"error": code, "message": str(refused.value)}
    assert refused.value.returncode == 1


@pytest.mark.parametrize("name", ["backup", "drill", "prune_backups"])
def test_a_clinic_that_fails_is_named_in_its_line(
    name: str,
    fresh_clinic: FreshClinic,
    configured: Store,
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    schema = fresh_clinic.route.schema
    settings.BACKUP_STORE_URL = "ftp://nowhere"

    with pytest.raises(CommandError, match=schema):
        call_command(name, schema, "--json")

    said = json.loads(capsys.readouterr().out)
    assert (said["clinic"], said["error"]) == (schema, "backup_not_configured")
    with pytest.raises(CommandError, match=schema):
        call_command(name, schema)

    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", f"{schema}: {said['message']}\n")


def test_an_undo_that_is_refused_says_so(
    fresh_clinic: FreshClinic, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="nothing to undo"):
        call_command("undo_restore", fresh_clinic.route.schema, "--json")
    assert json.loads(capsys.readouterr().out)["error"] == "backup_no_restore_point"


ARGUMENTS = {
    "a moment without its zone": (
        ("restore", "latest", "--clinic", "norte", "--at", "2026-11-20T14:32:00"),
        "like 2026-11-20T14:32:00-03:00",
    ),
    "no moment": (("restore", "latest", "--clinic", "norte", "--at", "yesterday"), "yesterday"),
    "no backup": (("restore", "x", "--clinic", "norte"), "manage.py backups"),
    "no backup to verify": (("verify_backup", "x"), "manage.py backups"),
}


@pytest.mark.without_database
@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_wrong_argument_is_answered_with_a_right_one(
    name: str, configured: Store, env: dict[str, str]
) -> None:
    arguments, hint = ARGUMENTS[name]
    status, out, err = run(env, *arguments, "--json")
    said = json.loads(out)

    assert (status, said["error"]) == (2, "usage")
    assert hint in said["message"]
    assert hint in err


# --- No answer ---------------------------------------------------------------------------------


def test_without_an_answer_nothing_is_done(
    fresh_clinic: FreshClinic, made: Signed, env: dict[str, str]
) -> None:
    schema = fresh_clinic.route.schema
    status, out, err = run(env, "restore", "latest", "--clinic", schema, "--json")
    assert (status, json.loads(out)["message"]) == (1, "Nothing was done.")
    assert f"Type {schema} to go on:" in err
    assert err.endswith("CommandError: Nothing was done.\n")


@pytest.mark.without_database
@pytest.mark.parametrize(
    "arguments",
    [
        ("backup", "norte"),
        ("backups",),
        ("verify_backup", NOBODY),
        ("prune_backups",),
        ("drill", "norte"),
        ("restore", "latest", "--clinic", "norte", "--noinput"),
        ("undo_restore", "norte"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_directory_that_is_down_is_one_line(
    arguments: tuple[str, ...], configured: Store, env: dict[str, str]
) -> None:
    down = env | {"DATABASE_URL": SILENT, "DATABASE_OWNER_URL": SILENT}
    status, out, err = run(down, *arguments, "--json")
    assert (status, json.loads(out)["error"]) == (1, "database_failed")
    assert err.startswith("CommandError: A database doesn't answer.")
    assert err.count("\n") == 1


# --- Only the store, the key and the software --------------------------------------------------


@pytest.fixture
def empty(env: dict[str, str], stack: Stack) -> Iterator[dict[str, str]]:
    """The environment of an installation whose directory has no tables yet."""
    addresses, name = stack.addresses(), f"empty_{uuid4().hex}"
    owner = addresses["DATABASE_OWNER_URL"]

    with psycopg.connect(as_admin(owner), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            urls = ("DATABASE_URL", "DATABASE_OWNER_URL")
            yield env | {url: urlunsplit(elsewhere(addresses[url], name)) for url in urls}
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def elsewhere(url: str, database: str) -> Any:
    return urlsplit(url)._replace(path=f"/{database}")


def as_admin(owner: str) -> str:
    return owner.replace("://fisioflow@", "://postgres@")


def test_the_store_is_listed_and_verified_before_anything_is_migrated(
    fresh_clinic: FreshClinic, made: Signed, empty: dict[str, str]
) -> None:
    schema, backup = fresh_clinic.route.schema, str(made.manifest.backup_id)

    for named in ((), (schema,), (str(fresh_clinic.route.clinic_id),)):
        status, out, err = run(empty, "backups", *named, "--json")

        assert (status, err) == (0, "")
        assert (json.loads(out)["clinic"], json.loads(out)["backup"]) == (schema, backup)

    for name in (schema, str(fresh_clinic.route.clinic_id)):
        status, out, err = run(empty, "verify_backup", backup, "--clinic", name, "--json")

        assert (status, err) == (0, "")
        assert json.loads(out)["bytes"] > 0

    status, out, err = run(empty, "verify_backup", backup)

    assert (status, err) == (
        1,
        "CommandError: No run here made it: name its clinic with --clinic.\n",
    )


@pytest.mark.without_database
@pytest.mark.parametrize(
    "arguments",
    [("restore", "latest", "--clinic", "norte", "--noinput"), ("backup", "norte"), ("drill", "x")],
    ids=lambda arguments: arguments[0],
)
def test_the_other_commands_ask_to_migrate_the_directory_first(
    arguments: tuple[str, ...], configured: Store, empty: dict[str, str]
) -> None:
    status, _, err = run(empty, *arguments)
    assert status == 1
    assert "Run manage.py migrate first." in err
    assert err.count("\n") == 1
