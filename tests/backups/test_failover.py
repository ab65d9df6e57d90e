"""A promoted server is noticed at once: its transaction ids mean something else."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from devstack.paths import Folders
from devstack.postgres import Cluster, create_missing
from devstack.processes import stop_daemons
from tenants.postgresql.snapshot import TIMELINE

pytestmark = pytest.mark.without_database
_READ = f"SELECT pg_is_in_recovery(), {TIMELINE}"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Cluster]:
    folders = Folders(tmp_path / "server")
    folders.create()
    server = Cluster("failover", folders, durable=False)
    tmp_path.chmod(0o755)
    create_missing([server])
    yield server
    stop_daemons([server.daemon])
    folders.remove()


def test_a_promotion_is_noticed_before_the_first_checkpoint(server: Cluster) -> None:
    server.start()
    server.wait()

    assert read(server) == (False, 1)

    stop_daemons([server.daemon])
    (server.data / "standby.signal").touch()
    server.start()

    assert as_soon_as_it_answers(server) == (True, None)

    with psycopg.connect(administrator(server), autocommit=True) as connection:
        connection.execute("SELECT pg_promote()")

    assert read(server) == (False, 2)


def read(server: Cluster) -> Any:
    with psycopg.connect(server.owner_url) as connection:
        return connection.execute(_READ).fetchone()


def as_soon_as_it_answers(server: Cluster) -> Any:
    for _ in range(300):
        try:
            return read(server)
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise TimeoutError("the standby doesn't answer")


def administrator(server: Cluster) -> str:
    return server.owner_url.replace("//fisioflow@", "//postgres@")
