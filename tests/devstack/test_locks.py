"""The locks: production runs what was tested, and every package is checked by its hash."""

import re
import tomllib
from pathlib import Path

import pytest

from devstack import install
from devstack.paths import CHECKOUT

pytestmark = pytest.mark.without_database


def test_every_package_has_a_hash_and_no_address_is_in_it() -> None:
    for name in ("requirements.lock", "requirements-production.lock"):
        lock = (CHECKOUT / name).read_text(encoding="utf-8")
        packages = re.findall(r"^(\S.*==\S+).*\\\n    --hash=sha256:", lock, re.MULTILINE)
        assert len(packages) == len(re.findall(r"^\S", lock, re.MULTILINE))
        assert "://" not in lock
        assert "--index" not in lock


def test_production_runs_what_was_tested() -> None:
    tested, production = (
        set(re.findall(r"^\S.*==\S+", (CHECKOUT / name).read_text("utf-8"), re.MULTILINE))
        for name in ("requirements.lock", "requirements-production.lock")
    )
    assert production < tested


def test_the_locks_hold_what_the_project_names() -> None:
    """If this fails: make lock."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    named = project["project"]
    for name, wanted in {
        "requirements-production.lock": named["dependencies"],
        "requirements.lock": named["optional-dependencies"]["dev"],
    }.items():
        lock = (CHECKOUT / name).read_text(encoding="utf-8")
        locked = set(re.findall(r"^([^=\s\[]+).*==", lock, re.MULTILINE))
        packages = {re.split(r"[<>=\[]", requirement)[0] for requirement in wanted}
        assert packages <= locked


def test_nothing_is_installed_while_the_lock_stays_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[list[str]] = []

    def call(argv: list[str], **_: object) -> int:
        calls.append(argv)
        return 0

    monkeypatch.setattr("subprocess.call", call)
    for name, path in {"PYTHON": "python", "LOCK": "lock", "INSTALLED": "installed"}.items():
        monkeypatch.setattr(install, name, tmp_path / path)
    (tmp_path / "python").touch()
    (tmp_path / "lock").write_text("one", encoding="utf-8")

    assert install.install() == 0
    assert len(calls) == 1
    assert install.install() == 0
    assert len(calls) == 1

    (tmp_path / "lock").write_text("two", encoding="utf-8")
    assert install.install() == 0
    assert len(calls) == 2
