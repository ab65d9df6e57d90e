"""The application on top of the servers: its environment, preparation, web, worker and beat."""

import contextlib
import errno
import http.client
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping

from backups.format.keys import make_identity, make_signing_key, read_identities
from devstack.errors import StackError, log_tail
from devstack.paths import CHECKOUT
from devstack.processes import Daemon, stop_daemons
from devstack.stack import Stack

_READY_SECONDS = 60.0

# The application's settings, unless the environment has others.
DEFAULTS = {
    "DJANGO_SETTINGS_MODULE": "fisioflow.settings",
    "ALLOWED_HOSTS": "localhost,.localhost,127.0.0.1",
    "PUBLIC_HOSTS": "localhost,127.0.0.1",
    "API_HOSTS": "api.localhost",
    "HTTPS": "false",
    "DOCUMENT_SCANNER": "patients.scanning.DevelopmentScanner",
}


def chosen_port(environ: Mapping[str, str]) -> int:
    """The environment's PORT, or 8000. Raises StackError."""
    text = environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65535:
        raise StackError(f"PORT must be a number from 1 to 65534, not {text!r}.")
    return int(text)


def environ(stack: Stack, base: Mapping[str, str]) -> dict[str, str]:
    """`base` with the application's settings: docs/reference/settings.md."""
    clean = {name: value for name, value in base.items() if name != "SECRET_KEY_FILE"}
    own = {"SECRET_KEY": _secret_key(stack)} | _backup_keys(stack)
    return DEFAULTS | own | stack.environ(clean) | {"SECRET_KEY": own["SECRET_KEY"]}


def daemons(stack: Stack) -> list[Daemon]:
    """The application's processes."""
    folders = stack.folders
    roles = ("web", "worker", "beat")  # the roles of deploy/entrypoint.sh
    return [Daemon(name, folders.run, folders.logs / f"{name}.log") for name in roles]


def require_free(stack: Stack, port: int) -> None:
    """Raise StackError if another program has the port, or our web server runs on another one."""
    web = daemons(stack)[0]
    port_file = stack.folders.run / "port"

    if web.pid() is not None:
        known = port_file.read_text(encoding="utf-8")
        if known != str(port):
            raise StackError(f"It is already running on port {known}. Stop it first: make down")
        return

    for number in (port, port + 1):
        for address in ("127.0.0.1", "::1"):
            why = _why_not(address, number)
            if why:
                what = "" if number == port else " (for metrics)"
                raise StackError(
                    f"Port {number}{what}: {why}. Try another: make up PORT={port + 10}"
                )


@contextlib.contextmanager
def all_or_nothing(stack: Stack) -> Iterator[list[Daemon]]:
    """Stop the processes put into the list if the block fails."""
    started: list[Daemon] = []
    try:
        yield started
    except BaseException:
        groups = daemons(stack), stack.daemons
        stop_daemons(*([daemon for daemon in group if daemon in started] for group in groups))
        raise


def prepare(stack: Stack, port: int) -> str:
    """Migrate, load the demo, collect static files; returns its sign-ins. Raises StackError."""
    log = stack.folders.logs / "prepare.log"
    with log.open("wb") as file:
        done = subprocess.run(
            [sys.executable, "-m", "devstack.prepare", str(stack.folders.root)],
            cwd=CHECKOUT,
            env=environ(stack, os.environ) | {"PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=file,
            check=False,
        )

    if done.returncode:
        text = log_tail(log.read_text(encoding="utf-8", errors="replace"))
        raise StackError(f"Preparing the data failed:\n{text}\nThe whole log: {log}")
    return done.stdout.decode()


def start(stack: Stack, port: int, started: list[Daemon]) -> None:
    """Start what isn't running, add it to `started`, and return when the service is ready."""
    settings = environ(stack, os.environ) | {
        "PORT": str(port),
        "BIND_ADDRESS": "127.0.0.1",
        "METRICS_PORT": str(port + 1),
        "PROMETHEUS_MULTIPROC_DIR": str(stack.folders.run / "metrics"),
    }

    (stack.folders.run / "port").write_text(str(port), encoding="utf-8")

    own = daemons(stack)
    for daemon in own:
        if daemon.pid() is None:
            started.append(daemon)
            daemon.start(["deploy/entrypoint.sh", daemon.name], env=settings)

    _wait_ready(port, own)


def welcome(port: int, sign_ins: str) -> str:
    """What a person reads at the end of `make up`."""
    return f"""
FisioFlow is ready.

{sign_ins.strip(chr(10))}
  Metrics: http://localhost:{port + 1}/metrics

Stop it: make down      Forget its data: make reset      A shell on it: eval "$(make -s env)"
"""


def _wait_ready(port: int, own: list[Daemon]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    answer = "no answer"

    while time.monotonic() < deadline:
        for daemon in own:
            daemon.require_alive()

        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz/ready", headers={"Host": f"localhost:{port}"})
            response = connection.getresponse()
            if response.status == 200:
                return
            answer = f"status {response.status}"
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.1)

    log = own[0].log
    text = log_tail(log.read_text(encoding="utf-8", errors="replace"))
    raise StackError(
        f"The service was not ready in {_READY_SECONDS:.0f} s (/healthz/ready: {answer})."
        f" The end of its log, {log}:\n{text}"
    )


def _why_not(address: str, port: int) -> str | None:
    """Why a server cannot listen there; None if it can, or if the machine has no such address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            return error.strerror
    return None


def _backup_keys(stack: Stack) -> dict[str, str]:
    """Keys for this machine's own backups, made once. Production keeps the identity elsewhere."""
    identity = stack.folders.root / "backup_identity"
    signing = stack.folders.root / "backup_signing_key"

    for path, make in ((identity, make_identity), (signing, make_signing_key)):
        with contextlib.suppress(FileExistsError):
            make(path)

    return {
        "BACKUP_RECIPIENTS": str(read_identities(identity)[0].to_public()),
        "BACKUP_IDENTITY_FILE": str(identity),
        "BACKUP_SIGNING_KEY_FILE": str(signing),
    }


def _secret_key(stack: Stack) -> str:
    """A key, made once and kept with the data, so that sessions and tokens outlive a restart."""
    path = stack.folders.root / "secret_key"
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(50))
    return path.read_text(encoding="utf-8")
