"""The settings as a server reads them: safe unless told otherwise, and loud when wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from manage import settings_for

ROOT = Path(__file__).parents[2]
GOOD = {
    "SECRET_KEY": "0123456789-abcdefghij-klmnopqrst-uvwxyzABCD-EFGHIJKLM",
    "DATABASE_URL": "postgresql://fisioflow_app@db0/fisioflow",
    "SHARD_1_URL": "postgresql://fisioflow_app@db1/fisioflow",
    "SHARD_3_URL": "postgresql://fisioflow_app@db3/fisioflow",
    "REDIS_URL": "redis://cache:6379/0",
}
SHOW = """
import json
from django.conf import settings
names = json.loads(input())
print(json.dumps({name: getattr(settings, name) for name in names}, default=str))
"""
START = """
import json, os, runpy
said = []
for environ in json.loads(input()):
    os.environ.clear()
    os.environ.update(environ)
    try:
        runpy.run_module("fisioflow.settings")
        said.append("started")
    except Exception as error:
        said.append(f"{type(error).__name__}: {error}")
print(json.dumps(said))
"""


def run(
    program: list[str], environ: dict[str, str], given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run Python with `program` as its arguments, with this environment and no more."""
    whole = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "fisioflow.settings", **environ}

    return subprocess.run(
        [sys.executable, *program],
        cwd=ROOT,
        env=whole,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def settings_of(*names: str, **environ: str) -> dict[str, Any]:
    """These settings, as read from GOOD and `environ`."""
    done = run(["-c", SHOW], GOOD | environ, json.dumps(names))
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def test_the_defaults_are_safe() -> None:
    read = settings_of(
        "DEBUG",
        "ALLOWED_HOSTS",
        "PUBLIC_HOSTS",
        "API_HOSTS",
        "SECURE_SSL_REDIRECT",
        "SESSION_COOKIE_NAME",
        "SESSION_COOKIE_SECURE",
        "SESSION_COOKIE_HTTPONLY",
        "CSRF_COOKIE_NAME",
        "CSRF_COOKIE_SECURE",
        "SECURE_PROXY_SSL_HEADER",
        "TRUSTED_PROXIES",
    )

    assert read == {
        "DEBUG": False,
        "ALLOWED_HOSTS": [],
        "PUBLIC_HOSTS": [],
        "API_HOSTS": [],
        "SECURE_SSL_REDIRECT": True,
        "SESSION_COOKIE_NAME": "__Host-session",
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_NAME": "__Host-csrf",
        "CSRF_COOKIE_SECURE": True,
        "SECURE_PROXY_SSL_HEADER": None,
        "TRUSTED_PROXIES": 0,
    }


def test_every_shard_that_has_a_url_is_a_database() -> None:
    databases = settings_of("DATABASES")["DATABASES"]
    assert set(databases) == {"default", "shard_1", "shard_3"}
    assert {database["ENGINE"] for database in databases.values()} == {"tenants.postgresql"}
    # Two seconds at most until a server that is down is noticed.
    assert {database["OPTIONS"]["connect_timeout"] for database in databases.values()} == {"2"}


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 60 + "\n", encoding="utf-8")
    environ = {name: value for name, value in GOOD.items() if name != "SECRET_KEY"}
    environ["SECRET_KEY_FILE"] = str(tmp_path / "key")
    done = run(["-c", SHOW], environ, '["SECRET_KEY"]')
    assert json.loads(done.stdout) == {"SECRET_KEY": "k" * 60}


WRONG: list[tuple[dict[str, str | None], str]] = [
    ({"SECRET_KEY": None}, "SECRET_KEY is not set"),
    ({"SECRET_KEY": "short"}, "SECRET_KEY is too short"),
    ({"DATABASE_URL": None}, "DATABASE_URL is not set"),
    ({"DATABASE_URL": "db0/fisioflow"}, "DATABASE_URL must be a URL"),
    ({"SHARD_3_URL": "postgresql://db3"}, "SHARD_3_URL must name"),
    ({"SHARD_3_URL": ""}, "SHARD_3_URL is not set"),
    ({"REDIS_URL": None}, "REDIS_URL is not set"),
    ({"REDIS_URL": "http://cache"}, "REDIS_URL must be a URL"),
    ({"DEBUG": "maybe"}, "DEBUG must be true or false"),
    ({"LOG_LEVEL": "loud"}, "LOG_LEVEL must be one of"),
    ({"TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES must be 0 or more"),
    ({"ACCESS_TOKEN_SECONDS": "1"}, "ACCESS_TOKEN_SECONDS must be 30 or more"),
    ({"SIGN_IN_ATTEMPTS_PER_MINUTE": "0"}, "SIGN_IN_ATTEMPTS_PER_MINUTE must be 1 or more"),
]


def test_what_is_missing_or_malformed_stops_the_start_and_is_named() -> None:
    environs = [
        {name: value for name, value in (GOOD | wrong).items() if value is not None}
        for wrong, _ in WRONG
    ]
    done = run(["-c", START], GOOD, json.dumps(environs))

    assert done.returncode == 0, done.stderr
    for (wrong, message), said in zip(WRONG, json.loads(done.stdout), strict=True):
        assert said.startswith(f"ImproperlyConfigured: {message}"), wrong


@pytest.mark.parametrize("command", ["backup", "restore", "verify_backup", "backup_keys"])
def test_the_commands_of_backups_have_settings_of_their_own(command: str) -> None:
    assert settings_for(command) == "fisioflow.settings_backups"


@pytest.mark.parametrize("command", ["migrate", "help", "no_such_command"])
def test_every_other_command_has_the_services_settings(command: str) -> None:
    assert settings_for(command) == "fisioflow.settings"


def test_djangos_checks_for_a_deployment_find_nothing() -> None:
    environ = GOOD | {"ALLOWED_HOSTS": ".fisioflow.example"}
    done = run(["manage.py", "check", "--deploy", "--fail-level", "WARNING"], environ)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\nEach line above has a hint."


def test_no_model_changed_without_a_migration() -> None:
    from django.core.management import call_command

    try:
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)
    except SystemExit:
        pytest.fail("Run: python manage.py makemigrations --name what_changes")
