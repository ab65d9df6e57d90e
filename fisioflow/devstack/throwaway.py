"""A stack for tests: fresh, fast, in a temporary folder, gone with the process that made it."""

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fisioflow.devstack.paths import CHECKOUT, Folders
from fisioflow.devstack.processes import reap_children
from fisioflow.devstack.stack import Stack


@contextlib.contextmanager
def throwaway_services() -> Iterator[Stack]:
    """Start a stack of its own and yield it; stop and forget it at the end.

    A guard process does the cleaning up: it waits for the end of a pipe that only this process
    holds, so even a kill -9 of this process leaves nothing behind.
    """
    root = Path(tempfile.mkdtemp(prefix="fisioflow-test-"))
    guard = subprocess.Popen(
        [sys.executable, "-m", "fisioflow.devstack.throwaway", str(root)],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    stack = Stack(Folders(root), durable=False)
    try:
        stack.start_all()
        yield stack
    finally:
        guard.communicate()
        reap_children()


def guard(root: Path) -> None:
    """Wait until the parent is gone or closes the pipe, then stop and remove its stack."""
    sys.stdin.read()
    stack = Stack(Folders(root), durable=False)
    stack.stop_all()
    stack.folders.remove()


if __name__ == "__main__":
    guard(Path(sys.argv[1]))
