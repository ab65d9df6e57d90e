"""Gives a test run servers of its own, before Django reads its settings.

Loaded with `-p devstack.pytest_plugin`. Each worker of pytest-xdist has servers of its own too, so
that a test may stop one. `--no-servers` starts none: for tests marked `without_database`.
"""

import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack

import pytest

from devstack.errors import StackError
from devstack.stack import Stack
from devstack.throwaway import throwaway_environ, throwaway_services

_SETTINGS = "fisioflow.settings_test"
_STACK = pytest.StashKey[Stack]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--no-servers`."""
    parser.addoption(
        "--no-servers",
        action="store_true",
        help="start neither PostgreSQL nor Redis: every test must be marked without_database",
    )


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Start the servers; a wrapper, because pytest-django loads the settings in this hook too."""
    if early_config.known_args_namespace.no_servers:
        os.environ["DJANGO_SETTINGS_MODULE"] = _SETTINGS
        return (yield)

    cleanup = ExitStack()
    early_config.add_cleanup(cleanup.close)
    try:
        stack = cleanup.enter_context(throwaway_services())
    except StackError as error:
        raise pytest.UsageError(str(error)) from error

    early_config.stash[_STACK] = stack
    _set_environ(stack)
    return (yield)


@pytest.hookimpl(trylast=True)  # after -k and -m have taken items away
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--no-servers`, refuse tests that need servers."""
    if not config.option.no_servers:
        return

    unmarked = [item for item in items if item.get_closest_marker("without_database") is None]
    if unmarked:
        names = ", ".join(item.nodeid for item in unmarked[:5])
        raise pytest.UsageError(
            f"--no-servers, but these tests need a database: {names}. Leave the option out, or mark"
            " them without_database."
        )


@pytest.fixture
def stack(pytestconfig: pytest.Config) -> Iterator[Stack]:
    """The run's servers, to `stop`, `start`, `pause` and `resume`; whole again after the test.

    A stopped server breaks the connections that Django holds: the test must close them.
    """
    stack = pytestconfig.stash[_STACK]
    yield stack
    stack.resume_all()
    stack.start_all()


def _set_environ(stack: Stack) -> None:
    environ = throwaway_environ(stack, os.environ)
    environ["DJANGO_SETTINGS_MODULE"] = _SETTINGS
    # One login for both, so that a test's transaction sees what the owner does. The backend sends
    # the role with every activation, so that tests still work as the application's role.
    for name in [name for name in environ if name.endswith("_OWNER_URL")]:
        environ[name.replace("_OWNER", "")] = environ.pop(name)

    for name in os.environ.keys() - environ.keys():
        del os.environ[name]
    os.environ.update(environ)
