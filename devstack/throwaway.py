"""A stack for tests: fresh, fast, in a temporary folder, deleted when its process ends."""

import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from devstack.application import DEFAULTS
from devstack.errors import StackError
from devstack.paths import CHECKOUT, Folders
from devstack.processes import reap_children, stop_daemons
from devstack.stack import Stack

_GUARD = "import sys; from devstack.throwaway import guard; guard(sys.argv[1])"
_GUARD_SECONDS = 10.0
_PERSONAL = {"DEBUG", "SECRET_KEY_FILE", "LOG_LEVEL", "LOG_JSON"}


@contextlib.contextmanager
def throwaway_services(*, durable: bool = False) -> Iterator[Stack]:
    """Start a new stack and yield it; stop and delete it at the end.

    A guard process cleans up: it waits for the end of a pipe that only this process holds, so even
    a kill -9 of this process leaves nothing behind. `durable`: with fsync, for measurements.
    """
    root = Path(tempfile.mkdtemp(prefix="fisioflow-test-"))
    guard = subprocess.Popen(
        [sys.executable, "-c", _GUARD, str(root)],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )

    stack = Stack(Folders(root), durable=durable)
    try:
        stack.start_all()
        yield stack
    finally:
        guard.communicate()
        reap_children()


def throwaway_environ(stack: Stack, base: Mapping[str, str]) -> dict[str, str]:
    """`base` without the shell's own settings: the same environment on every machine."""
    kept = {name: value for name, value in base.items() if name not in _PERSONAL}
    static = stack.folders.root / "static"
    static.mkdir(exist_ok=True)  # WhiteNoise warns if the folder is missing

    own = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FILES_DIR": str(stack.folders.root / "files"),
        "STATIC_ROOT": str(static),
    }

    return stack.environ(kept) | DEFAULTS | own


def run(command: list[str], *, durable: bool = False) -> int:
    """Run a command on a stack of its own; returns its exit status."""
    with throwaway_services(durable=durable) as stack:
        return subprocess.call(command, env=throwaway_environ(stack, os.environ))


def guard(root: str) -> None:
    """Wait until the parent ends or closes the pipe, then stop and delete its stack."""
    sys.stdin.read()
    stack = Stack(Folders(Path(root)), durable=False)
    stop_daemons(stack.daemons)

    # An initdb that outlives its killed parent goes on writing until its folder is gone.
    deadline = time.monotonic() + _GUARD_SECONDS
    while stack.folders.exist() and time.monotonic() < deadline:
        with contextlib.suppress(StackError):
            stack.folders.remove()
        time.sleep(0.2)
