"""No command, task or request gets its actor from the test that starts it.

A test acts as `job:tests`. What the product starts has to name who acts by itself, or production
would refuse what it writes. So that actor steps aside wherever the product begins.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import pytest
from celery import Task
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import BaseCommand
from django.http import StreamingHttpResponse
from django.test.client import ClientHandler

from core.actor import Actor, acting, acting_as_job, current_actor

P = ParamSpec("P")
R = TypeVar("R")
# Every command, task and request goes through one of these, by whatever name it was imported.
BEGINNINGS = (
    (BaseCommand, "execute"),
    (Task, "apply"),
    (ClientHandler, "__call__"),
    (WSGIHandler, "__call__"),
)
TESTS = "tests"


@contextmanager
def the_test_acts() -> Iterator[None]:
    """What a test writes by itself is written by `job:tests`."""
    with acting_as_job(TESTS):
        yield


@contextmanager
def the_test_steps_aside() -> Iterator[None]:
    """Nobody acts inside, unless somebody other than the test was named on purpose."""
    before = current_actor()
    with acting(Actor() if before.label == f"job:{TESTS}" else before):
        yield


def unattended(function: Callable[P, R]) -> Callable[P, R]:
    """The function, with the test's actor out of its way."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        with the_test_steps_aside():
            result = function(*args, **kwargs)

        if isinstance(result, StreamingHttpResponse):
            result.streaming_content = unattended_pieces(iter(result))
        return result

    return call


def unattended_pieces(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """What a response sends after its request is over: a server takes it while nobody acts."""
    while True:
        with the_test_steps_aside():
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


@contextmanager
def product_begins_unattended() -> Iterator[None]:
    """Inside, each beginning of the product finds no actor of the test's."""
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in BEGINNINGS:
            patch.setattr(owner, name, unattended(getattr(owner, name)))
        yield
