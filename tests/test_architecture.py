"""Imports go one way. The contracts are in pyproject.toml, under [tool.importlinter]."""

import re
import tomllib
from typing import Any

import pytest
from importlinter.cli import lint_imports

from tests.own_apps import ROOT, own_apps

pytestmark = pytest.mark.without_database
CONFIGURATION: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
CONTRACTS: list[dict[str, Any]] = CONFIGURATION["importlinter"]["contracts"]
APPS = [app.name for app in own_apps()]
# Packages that hold modules of the product, or start it.
PACKAGES = {*APPS, "devstack"}


def names_in(layer: str) -> set[str]:
    """The modules of one layer: `demo | devstack`, `(records)`."""
    return set(re.findall(r"[\w.]+", layer))


def layers_of_apps() -> list[str]:
    (layers,) = (c["layers"] for c in CONTRACTS if c["name"] == "Apps depend downwards only")
    return list(layers)


def test_every_import_keeps_to_its_layer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)

    status = lint_imports(no_cache=True)

    assert status == 0, (
        f"{capsys.readouterr().out}\nAn import that the rules forbid is usually a sign that"
        " something lives in the wrong app: move it. The rules change with a decision record."
    )


@pytest.mark.parametrize(
    ("list_", "named", "expected"),
    [
        (
            "[tool.importlinter] root_packages",
            CONFIGURATION["importlinter"]["root_packages"],
            PACKAGES,
        ),
        ("[tool.mypy] files", CONFIGURATION["mypy"]["files"], PACKAGES | {"benchmarks", "tests"}),
        # Programs that run the tests are not measured by them.
        ("[tool.coverage.run] source", CONFIGURATION["coverage"]["run"]["source"], set(APPS)),
    ],
)
def test_every_package_is_checked(list_: str, named: list[str], expected: set[str]) -> None:
    missing, unknown = expected - set(named), set(named) - expected

    assert not missing, f"pyproject.toml, {list_}: add {sorted(missing)}"
    assert not unknown, f"pyproject.toml, {list_}: there is no app {sorted(unknown)}, take it out"


def test_every_package_has_its_layer() -> None:
    placed = set().union(*map(names_in, layers_of_apps()))

    assert placed == PACKAGES, (
        'pyproject.toml, contract "Apps depend downwards only": a new app gets a line (or, beside'
        f" another, a |) above every app that it imports. Not placed: {sorted(PACKAGES - placed)};"
        f" no such app: {sorted(placed - PACKAGES)}."
    )


def test_apps_are_installed_in_the_order_of_their_layers() -> None:
    layers = layers_of_apps()
    heights = [next(n for n, layer in enumerate(layers) if app in names_in(layer)) for app in APPS]

    assert heights == sorted(heights), (
        f"INSTALLED_APPS has {APPS}: put ours in the order of the layers in pyproject.toml. Of two"
        " apps that have the same template, text or command, Django takes the first one's."
    )


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_a_module_that_nobody_placed_is_found(package: str) -> None:
    exhaustive = {name for c in CONTRACTS if c.get("exhaustive") for name in c["containers"]}

    assert package in exhaustive, (
        f"pyproject.toml: no contract of import-linter places every module of {package}. Write one"
        f' with containers = ["{package}"], its layers, and exhaustive = true.'
    )
