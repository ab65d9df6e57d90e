"""The four servers as one: started and stopped together, named by environment variables."""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from devstack import postgres, redis
from devstack.paths import Folders
from devstack.postgres import Cluster
from devstack.processes import Daemon, stop_daemons
from devstack.redis import RedisServer

_CLUSTERS = {"directory": "DATABASE", "shard_1": "SHARD_1", "shard_2": "SHARD_2"}
_ADDRESS = re.compile(r"(REDIS_URL|(DATABASE|SHARD_\d+)(_OWNER)?_URL)(_FILE)?")


@dataclass(frozen=True)
class Stack:
    """Three PostgreSQL servers (`directory`, `shard_1`, `shard_2`) and Redis (`redis`)."""

    folders: Folders
    durable: bool = True

    @cached_property
    def clusters(self) -> dict[str, Cluster]:
        """The PostgreSQL servers by name."""
        return {name: Cluster(name, self.folders, self.durable) for name in _CLUSTERS}

    @cached_property
    def redis(self) -> RedisServer:
        """The Redis server."""
        return RedisServer(self.folders, self.durable)

    @property
    def daemons(self) -> list[Daemon]:
        """The processes of the four servers."""
        return [*(cluster.daemon for cluster in self.clusters.values()), self.redis.daemon]

    def running(self) -> bool:
        """Whether every server runs."""
        return all(daemon.pid() is not None for daemon in self.daemons)

    def start_all(self) -> list[Daemon]:
        """Start the servers that aren't running, after creating their data; return when all answer.

        Returns the processes that this call started. If one fails, stops them all and raises
        StackError.
        """
        self.folders.create()
        before = [daemon for daemon in self.daemons if daemon.pid() is not None]
        started = [daemon for daemon in self.daemons if daemon not in before]

        try:
            self.redis.start()
            postgres.create_missing(list(self.clusters.values()))
            for cluster in self.clusters.values():
                cluster.start()

            servers: list[Cluster | RedisServer] = [*self.clusters.values(), self.redis]
            for server in servers:
                server.wait()
        except BaseException:
            stop_daemons(started)
            raise
        return started

    def start(self, name: str) -> None:
        """Start one server and wait until it answers."""
        server = self._server(name)
        server.start()
        server.wait()

    def stop(self, name: str) -> None:
        """Stop one server: its connections break, and new ones are refused."""
        self._server(name).daemon.stop()

    def pause(self, name: str) -> None:
        """Freeze one server: it accepts connections and never answers."""
        self._server(name).daemon.pause()

    def resume(self, name: str) -> None:
        """Let a frozen server go on."""
        self._server(name).daemon.resume()

    def resume_all(self) -> None:
        """Let every frozen server go on."""
        for daemon in self.daemons:
            if daemon.pid() is not None:
                daemon.resume()

    def addresses(self) -> dict[str, str]:
        """DATABASE_URL, SHARD_<N>_URL, their owners' (DATABASE_OWNER_URL, ...) and REDIS_URL."""
        urls = {"REDIS_URL": self.redis.url}
        for name, cluster in self.clusters.items():
            urls |= {
                f"{_CLUSTERS[name]}_URL": cluster.url,
                f"{_CLUSTERS[name]}_OWNER_URL": cluster.owner_url,
            }
        return urls

    def program_folders(self) -> list[str]:
        """The folders for PATH: the virtual environment's programs, PostgreSQL's and Redis'."""
        own = Path(sys.executable).parent
        return [
            str(folder) for folder in (own, postgres.find_programs(os.environ), redis.programs())
        ]

    def environ(self, base: Mapping[str, str]) -> dict[str, str]:
        """`base` with this stack's addresses in place of any others, and its programs on PATH."""
        kept = {name: value for name, value in base.items() if not _ADDRESS.fullmatch(name)}
        path = os.pathsep.join([*self.program_folders(), base.get("PATH", os.defpath)])
        return kept | self.addresses() | {"PATH": path}

    def _server(self, name: str) -> Cluster | RedisServer:
        return self.redis if name == "redis" else self.clusters[name]
