"""A test run without servers: for tests that need none, and for no others."""

import subprocess
import sys
from pathlib import Path

import pytest

from devstack.paths import CHECKOUT

pytestmark = pytest.mark.without_database


def pytest_without_servers(file: Path) -> str:
    """What pytest says of the file with --no-servers."""
    options = ["-c", "pyproject.toml", "--no-servers", "--no-cov", "-qq", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(file)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    return done.stdout + done.stderr


def test_a_test_that_needs_a_database_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "test_rows.py"
    file.write_text("def test_of_rows(): pass\n", encoding="utf-8")

    said = pytest_without_servers(file)

    assert "--no-servers, but these tests need a database: " in said
    assert "::test_of_rows" in said
