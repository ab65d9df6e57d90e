"""Several at once: each attempt in a thread with connections of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connections

from core.actor import acting_as_job


def race(attempts: list[Callable[[], Any]]) -> list[Any]:
    """Start the attempts at one moment; their results, in order."""
    start = Barrier(len(attempts))

    def run(attempt: Callable[[], Any]) -> Any:
        try:
            with acting_as_job("tests"):
                start.wait(timeout=30)
                return attempt()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(attempts)) as threads:
        return [done.result() for done in [threads.submit(run, one) for one in attempts]]
