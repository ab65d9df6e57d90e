"""The embedded stack: `make up` and a test run stop what they have started, and nothing else."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import psycopg
import pytest

from devstack import __main__ as commands
from devstack import application
from devstack.errors import StackError
from devstack.paths import CHECKOUT, Folders
from devstack.processes import Daemon, run_all, signals_deferred
from devstack.stack import Stack

pytestmark = pytest.mark.without_database

PATIENCE = 20.0  # seconds until a test gives up waiting


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Stack]:
    """The stack of another checkout, stopped after the test."""
    stack = Stack(Folders(tmp_path / ".fisioflow"))
    yield stack
    commands.down(stack)


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Daemon]:
    """A program that a test starts; it is stopped after the test."""
    daemon = Daemon("sleeper", tmp_path, tmp_path / "sleeper.log", stop_seconds=0.3)
    yield daemon
    daemon.stop()


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def free_port() -> int:
    """A port whose neighbour is free too: metrics take that one."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
        two.bind(("127.0.0.1", port + 1))
        return port


class TestPrograms:
    def test_a_program_is_known_until_it_is_stopped(self, sleeper: Daemon) -> None:
        sleeper.start(["sleep", "100"])
        assert sleeper.pid() is not None
        assert sleeper.stop()
        assert sleeper.pid() is None
        assert not sleeper.stop()

    def test_a_stranger_with_the_recorded_id_is_left_alone(self, sleeper: Daemon) -> None:
        with subprocess.Popen(["sleep", "100"]) as stranger:
            record = {"pid": stranger.pid, "identity": "another boot:1"}
            sleeper.record.write_text(json.dumps(record), encoding="utf-8")
            assert sleeper.pid() is None
            assert not sleeper.stop()
            assert stranger.poll() is None
            stranger.kill()

    def test_a_program_deaf_to_its_signal_is_killed(self, sleeper: Daemon) -> None:
        sleeper.start(["sh", "-c", "trap '' TERM; sleep 100 & wait; wait"])
        wait_for(lambda: sleeper.pid() is not None)
        assert sleeper.stop()
        assert sleeper.pid() is None

    def test_pause_freezes_the_children_too(self, sleeper: Daemon) -> None:
        sleeper.start(["sh", "-c", "sleep 100 & echo $!; wait"])
        wait_for(lambda: sleeper.log.read_text(encoding="utf-8").endswith("\n"))
        child = int(sleeper.log.read_text(encoding="utf-8"))
        sleeper.pause()
        wait_for(lambda: state_of(child) == "T")
        sleeper.resume()
        wait_for(lambda: state_of(child) == "S")

    def test_a_failed_command_shows_its_output(self) -> None:
        with pytest.raises(StackError, match=r"set-up failed \(exit status 3\):\n    no room"):
            run_all({"set-up": ["sh", "-c", "echo no room; exit 3"]})

    def test_a_missing_program_is_named(self, sleeper: Daemon) -> None:
        with pytest.raises(StackError, match="no-such-program cannot be run"):
            sleeper.start(["no-such-program"])

    def test_ctrl_c_waits_for_the_record(self, request: pytest.FixtureRequest) -> None:
        # Whoever starts the tests in the background makes them ignore Ctrl-C.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
        reached = False

        with pytest.raises(KeyboardInterrupt), signals_deferred():
            signal.raise_signal(signal.SIGINT)
            reached = True
        assert reached


class TestFolders:
    def test_a_deep_checkout_has_its_sockets_elsewhere(self, tmp_path: Path) -> None:
        folders = Folders(tmp_path / ("deep" * 30))
        folders.create()
        path = folders.sockets("directory") / ".s.PGSQL.5432"
        assert len(os.fsencode(path)) <= 107
        folders.remove()
        assert not folders.exist()

    def test_a_socket_folder_of_somebody_else_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        folders = Folders(tmp_path / ("deep" * 30))
        short = folders.sockets("directory").parent
        short.symlink_to(tmp_path)

        with pytest.raises(StackError, match="belongs to another user"):
            folders.create()

        short.unlink()


class TestServers:
    def test_a_crash_loses_nothing_and_stale_locks_do_not_matter(self, own_stack: Stack) -> None:
        own_stack.start_all()
        url = own_stack.addresses()["SHARD_1_OWNER_URL"]
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")

        cluster = own_stack.clusters["shard_1"]
        pid = cluster.daemon.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: cluster.daemon.pid() is None)

        # The dead server's id now belongs to another process: to this test.
        lock = cluster.data / "postmaster.pid"
        lines = lock.read_text(encoding="utf-8").splitlines()
        lock.write_text("\n".join([str(os.getpid()), *lines[1:]]), encoding="utf-8")

        assert [daemon.name for daemon in own_stack.start_all()] == ["shard_1"]

        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT one FROM kept").fetchone() == (1,)

    def test_the_application_is_no_superuser_and_wal_is_logical(self, stack: Stack) -> None:
        for name in ("DATABASE_URL", "SHARD_1_URL", "SHARD_2_URL"):
            with psycopg.connect(stack.addresses()[name]) as connection:
                row = connection.execute(
                    "SELECT current_setting('is_superuser'), current_setting('wal_level'),"
                    " current_setting('listen_addresses')"
                ).fetchone()
            assert row == ("off", "logical", "")

    def test_one_server_stops_and_the_others_go_on(self, own_stack: Stack) -> None:
        own_stack.start_all()
        addresses = own_stack.addresses()
        own_stack.stop("shard_2")

        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(addresses["SHARD_2_URL"])

        psycopg.connect(addresses["SHARD_1_URL"]).close()
        own_stack.start("shard_2")
        psycopg.connect(addresses["SHARD_2_URL"]).close()

    def test_a_folder_without_postgresqls_programs_is_named(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FISIOFLOW_PG_BIN", "/nowhere")
        with pytest.raises(StackError, match="not in /nowhere"):
            Stack(Folders(Path("/nowhere"))).program_folders()

    def test_addresses_of_the_shell_do_not_leak_in(self, stack: Stack) -> None:
        base = {"SHARD_9_URL": "postgresql://production/", "DATABASE_URL_FILE": "/run/secret"}
        environ = stack.environ(base)
        assert not base.keys() & environ.keys()

    def test_a_killed_test_run_leaves_nothing(self, tmp_path: Path) -> None:
        script = (
            "import os, signal\n"
            "from devstack.throwaway import throwaway_services\n"
            "with throwaway_services():\n"
            "    os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        environ = os.environ | {"TMPDIR": str(tmp_path)}
        killed = subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, env=environ)

        assert killed.returncode == -signal.SIGKILL
        wait_for(lambda: not list(tmp_path.iterdir()))


class TestCommands:
    def test_up_serves_and_down_leaves_nothing(
        self, own_stack: Stack, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        port = free_port()
        for name in ("DJANGO_SETTINGS_MODULE", "STATIC_ROOT", "FILES_DIR"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("STATIC_ROOT", str(own_stack.folders.root / "static"))
        monkeypatch.setenv("PORT", str(port))

        commands.up(own_stack)

        assert "owner@norte.example" in capfd.readouterr().out
        with urlopen(f"http://localhost:{port}/healthz/ready") as response:
            assert response.status == 200
        with urlopen(f"http://localhost:{port + 1}/metrics") as response:
            assert b"fisioflow_django_http_requests" in response.read()

        first = [daemon.pid() for daemon in application.daemons(own_stack)]
        commands.up(own_stack)

        assert [daemon.pid() for daemon in application.daemons(own_stack)] == first

        monkeypatch.setenv("PORT", str(port + 10))
        with pytest.raises(StackError, match=f"already running on port {port}"):
            commands.up(own_stack)

        assert commands.status(own_stack) == 0

        commands.reset(own_stack)
        assert not own_stack.folders.exist()
        assert commands.status(own_stack) == 1

    def test_a_shell_reaches_the_stack_with_env(
        self, own_stack: Stack, capsys: pytest.CaptureFixture[str]
    ) -> None:
        commands.services_up(own_stack)
        commands.env(own_stack)
        exports = capsys.readouterr().out
        script = exports + (
            'psql "$SHARD_2_URL" -Atc "SELECT current_user"\n'
            'redis-cli --no-auth-warning -u "$REDIS_URL" ping\n'
            "pg_dump --version\n"
        )
        shell = subprocess.run(
            ["sh", "-eu", "-c", script],
            env={"PATH": os.defpath},
            capture_output=True,
            text=True,
            check=True,
        )

        assert shell.stdout.startswith("fisioflow_app\nPONG\npg_dump")

    def test_env_without_a_stack_says_so(self, own_stack: Stack) -> None:
        with pytest.raises(StackError, match="not running"):
            commands.env(own_stack)

    def test_a_failed_step_names_its_log_and_stops_the_servers(
        self, own_stack: Stack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PORT", str(free_port()))
        monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "fisioflow.no_such_settings")
        with pytest.raises(StackError, match=r"no_such_settings(?s:.)*prepare\.log"):
            commands.up(own_stack)
        assert not any(daemon.pid() for daemon in own_stack.daemons)

    def test_a_taken_port_is_named(self, own_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
        with socket.socket() as somebody:
            somebody.bind(("127.0.0.1", 0))
            somebody.listen()
            port = somebody.getsockname()[1]
            monkeypatch.setenv("PORT", str(port))
            with pytest.raises(StackError, match=f"Port {port}: Address already in use.*PORT="):
                commands.up(own_stack)

    @pytest.mark.parametrize("text", ["0", "65535", "eighty", "-1"])
    def test_a_port_is_a_number(self, text: str) -> None:
        with pytest.raises(StackError, match="PORT must be"):
            application.chosen_port({"PORT": text})

    def test_two_at_once_are_refused(self, own_stack: Stack) -> None:
        with commands._alone(own_stack), pytest.raises(StackError, match="Another make up"):
            commands.services_up(own_stack)
