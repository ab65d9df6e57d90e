"""Gives a test run its own servers, before Django reads its settings.

Loaded with `-p fisioflow.devstack.pytest_plugin`. Each worker of pytest-xdist gets servers of its
own, so that a test may stop one.
"""

import os
from collections.abc import Generator

import pytest

from fisioflow.devstack.stack import Stack
from fisioflow.devstack.throwaway import throwaway_services

_STACK = pytest.StashKey[Stack]()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Start the servers; a wrapper, because pytest-django loads the settings in this hook too."""
    services = throwaway_services()
    stack = services.__enter__()
    early_config.add_cleanup(lambda: services.__exit__(None, None, None))
    early_config.stash[_STACK] = stack
    environ = stack.environ(os.environ)
    for name in os.environ.keys() - environ.keys():
        del os.environ[name]
    os.environ.update(environ)
    return (yield)


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config) -> Stack:
    """The servers of this run: `stack.stop("shard_2")`, `stack.start("shard_2")`."""
    return pytestconfig.stash[_STACK]
