"""A shard that is down: its clinics get 503 at once, everybody else notices nothing."""

import threading
from collections.abc import Iterator
from time import monotonic

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from rest_framework.test import APIClient

from devstack.stack import Stack
from tenants.context import ClinicRoute, clinic_scope
from tenants.errors import ShardUnavailable
from tenants.postgresql import base
from tests.people import Api, Everybody, FreshClinic


@pytest.fixture
def shard_2_down(fresh_clinic: FreshClinic, stack: Stack) -> Iterator[None]:
    """`fresh_clinic`: outside of any transaction, so that real connections break."""
    stack.stop("shard_2")
    yield
    stack.start("shard_2")
    connections["shard_2"].close()
    base._down_until.clear()


def test_its_clinics_get_503_and_the_other_shards_go_on(
    api: Api, people: Everybody, fresh_clinic: FreshClinic, stack: Stack
) -> None:
    north, south = api(people.norte.owner), api(people.sul.owner)

    assert south.get("/api/v1/patients").status_code == 200  # its connection is open

    stack.stop("shard_2")
    try:
        for path in ("/api/v1/patients", "/api/v1/me"):
            started = monotonic()
            refused = south.get(path)

            assert refused.status_code == 503
            assert int(refused["Retry-After"]) > 0
            assert monotonic() - started < 2  # as docs/how-to/handle-an-outage.md promises
            assert north.get(path).status_code == 200

        assert south.get("/api/v1/patients").json()["code"] == "shard_unavailable"
        assert north.get("/healthz/ready").status_code == 200
    finally:
        stack.start("shard_2")
        base._down_until.clear()

    assert south.get("/api/v1/patients").status_code == 200


def test_sign_in_and_migrations_name_the_shard(
    shard_2_down: None, people: Everybody, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = APIClient(SERVER_NAME="sul.localhost").post(
        "/api/v1/auth/token", {"email": people.sul.owner.email, "password": "x"}
    )

    assert (answer.status_code, answer.json()["code"]) == (503, "shard_unavailable")
    with pytest.raises(CommandError, match="shard_2"):
        call_command("migrate_clinics")
    assert "shard_1" not in capsys.readouterr().err


def test_a_shard_that_just_refused_is_not_asked_again_at_once(
    shard_2_down: None, sul: ClinicRoute, people: Everybody, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections["shard_2"].close()
    attempts: list[object] = []
    connect = psycopg.connect

    def counted(*args: object, **kwargs: object) -> object:
        attempts.append(threading.get_ident())
        return connect(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(psycopg, "connect", counted)

    for _ in range(5):
        with clinic_scope(sul), pytest.raises(ShardUnavailable):
            connections["shard_2"].cursor()
    assert len(attempts) == 1
