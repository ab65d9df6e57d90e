"""Programs that run in the background, each with a record that no other process can match."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devstack.errors import StackError, log_tail
from devstack.paths import CHECKOUT

POLL_SECONDS = 0.02

# The children of this process, kept so that they are reaped and Python doesn't warn of leaks.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True)
class Daemon:
    """One background program: its name, and where its record and its log are."""

    name: str
    run: Path
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 15.0  # seconds after the signal; then the program is killed

    @property
    def record(self) -> Path:
        """The file that holds the process's id and identity."""
        return self.run / f"{self.name}.json"

    def pid(self) -> int | None:
        """The id of the running process; None if it is gone or another process has its id now."""
        try:
            known = json.loads(self.record.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None

        pid, identity = int(known["pid"]), _identity(int(known["pid"]))
        return pid if identity is not None and identity == known["identity"] else None

    def start(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> None:
        """Start the program in a session of its own: Ctrl-C at the prompt doesn't reach it."""
        with self.log.open("ab") as log, signals_deferred():
            process = _popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=CHECKOUT,
                env=env,
                start_new_session=True,
            )

            _children[process.pid] = process
            known = {"pid": process.pid, "identity": _identity(process.pid)}
            self.record.write_text(json.dumps(known), encoding="utf-8")

    def stop(self) -> bool:
        """Stop the program and wait until it is gone; False if it was not running."""
        return bool(stop_daemons([self]))

    def ask_to_stop(self) -> bool:
        """Send the stop signal once; False if the program is not running."""
        pid = self.pid()
        if pid is not None:
            _signal(pid, signal.SIGCONT)
            _signal(pid, self.stop_signal)
        return pid is not None

    def wait_until_gone(self) -> None:
        """Wait for the end, and kill what still runs after `stop_seconds`."""
        pid = self.pid()
        if pid is not None and not self._gone_within(self.stop_seconds):
            _signal_tree(pid, signal.SIGKILL)
            self._gone_within(self.stop_seconds)
        self.record.unlink(missing_ok=True)
        reap_children()

    def pause(self) -> None:
        """Freeze the program and its children: it accepts connections and never answers."""
        _signal_tree(self._running_pid(), signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen program go on."""
        _signal_tree(self._running_pid(), signal.SIGCONT)

    def require_alive(self) -> None:
        """Raise StackError with the end of the log if the program is gone."""
        if self.pid() is None:
            text = self.log.read_text(encoding="utf-8", errors="replace")
            raise StackError(
                f"{self.name} stopped. The end of its log, {self.log}:\n{log_tail(text)}"
            )

    def _running_pid(self) -> int:
        pid = self.pid()
        if pid is None:
            raise StackError(f"{self.name} is not running.")
        return pid

    def _gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.pid() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True


def run_all(commands: Mapping[str, Sequence[str]], *, stdin: bytes = b"") -> None:
    """Run commands in parallel; raise StackError with the output of the first that failed."""
    running = {name: _spawn(argv, stdin) for name, argv in commands.items()}
    try:
        outputs = {name: process.communicate()[0] for name, process in running.items()}
    except BaseException:
        for process in running.values():
            process.kill()
            process.communicate()
        raise

    for name, process in running.items():
        if process.returncode:
            output = log_tail(outputs[name].decode(errors="replace"))
            raise StackError(f"{name} failed (exit status {process.returncode}):\n{output}")


@contextlib.contextmanager
def signals_deferred() -> Iterator[None]:
    """Hold back Ctrl-C and its like, so that what is started is also recorded."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    caught: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, _frame: caught.append(number))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)

        if caught:
            signal.raise_signal(caught[0])


def stop_daemons(*groups: Sequence[Daemon]) -> list[str]:
    """Stop programs group by group, and hold back Ctrl-C; returns the names of those that ran.

    The programs of one group stop together, once the group before them is gone.
    """
    stopped = []
    with signals_deferred():
        for group in groups:
            stopped += [daemon.name for daemon in group if daemon.ask_to_stop()]
            for daemon in group:
                daemon.wait_until_gone()

    return stopped


def reap_children() -> None:
    """Wait for those children of this process that have ended."""
    for pid in [pid for pid, child in _children.items() if child.poll() is not None]:
        del _children[pid]


def _spawn(argv: Sequence[str], stdin: bytes) -> subprocess.Popen[bytes]:
    with tempfile.TemporaryFile() as file:  # not a pipe: nobody would read it while the others run
        file.write(stdin)
        file.seek(0)
        return _popen(argv, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def _popen(argv: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(argv, **options)
    except OSError as error:
        raise StackError(f"{argv[0]} cannot be run: {error.strerror}.") from error


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the third on; the second may hold blanks (proc(5))."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _identity(pid: int) -> str | None:
    """Boot id and start time: with the process's id, unique for ever; None if it has ended."""
    stat = _stat(pid)
    if not stat or stat[0] in "ZX":
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    return f"{boot}:{stat[19]}"


def _tree(root: int) -> list[int]:
    """A process and all its descendants, parents first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))):
            children.setdefault(int(stat[1]), []).append(int(entry.name))

    tree = [root]
    for pid in tree:
        tree.extend(children.get(pid, ()))
    return tree


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _signal_tree(root: int, number: signal.Signals) -> None:
    for pid in _tree(root):
        _signal(pid, number)
