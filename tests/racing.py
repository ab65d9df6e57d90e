"""Attempts that race: each in a thread with connections of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connections

from tests.people import Result
from tests.unattended import the_test_acts


def race(attempts: list[Callable[[], Result]]) -> list[Result]:
    """Start the attempts at one moment; returns their results, in order."""
    start = Barrier(len(attempts))

    def run(attempt: Callable[[], Result]) -> Result:
        try:
            with the_test_acts():
                start.wait(timeout=30)
                return attempt()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(attempts)) as threads:
        return [done.result() for done in [threads.submit(run, one) for one in attempts]]
