"""Imports go one way. The contracts are in pyproject.toml, under [tool.importlinter]."""

from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.without_database
def test_every_import_keeps_to_its_layer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    status = lint_imports(no_cache=True)
    assert status == 0, (
        f"{capsys.readouterr().out}\nAn import that the rules forbid is mostly a sign that a thing"
        " lives in the wrong app: move the thing. The rules change with a decision record."
    )
