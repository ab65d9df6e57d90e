"""Every service asks who writes: it takes `acting_user` first, and never assumes one."""

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from tests.own_apps import own_apps

pytestmark = pytest.mark.without_database

# Services that take no acting user, each with the reason; an app's name stands for all of its own.
OTHERWISE = {
    "audit": "they record what happened under the actor of core.actor, whoever that is",
    "exercises.log_draft": "builds a draft: it writes nothing",
    "patients.document_of_link": "reads; the link's token says whose it is",
    "scheduling.slots_of": "reads",
}


def services() -> Iterator[tuple[str, Callable[..., Any]]]:
    """The public functions of every app's services, as `app.function`.

    A package's are those that it exports, a module's those that it defines.
    """
    for app in own_apps():
        for found in pkgutil.walk_packages([app.path], f"{app.name}."):
            if found.name.endswith(".services"):
                yield from _writes_of(import_module(found.name), app.name)


def _writes_of(module: ModuleType, app: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    for exported in getattr(module, "__all__", vars(module)):
        function = getattr(module, exported)
        own = inspect.isfunction(function) and function.__module__.startswith(module.__name__)
        if own and "_" in exported.strip("_") and not exported.startswith("_"):
            yield f"{app}.{exported}", function


SERVICES = dict(services())


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_takes_the_acting_user_first(name: str) -> None:
    if {name, name.partition(".")[0]} & OTHERWISE.keys():
        return

    parameters = list(inspect.signature(SERVICES[name]).parameters.values())

    assert parameters, f"{name}: take `*, acting_user: User | None` first"
    first = parameters[0]
    assert first.name == "acting_user", f"{name}: take `*, acting_user: User | None` first"
    assert first.kind is first.KEYWORD_ONLY, f"{name}: `acting_user` is keyword-only"
    assert first.default is first.empty, f"{name}: None is written out: it means the system"


def test_the_exceptions_are_still_there() -> None:
    known = SERVICES.keys() | {name.partition(".")[0] for name in SERVICES}
    assert known >= OTHERWISE.keys()
