"""The two probes for whoever watches the service."""

from collections.abc import Iterator

import pytest
from django.db import connections
from django.test import Client
from pytest_django import Settings

from devstack.stack import Stack
from tests.people import Api, Everybody, FreshClinic

LIVE, READY = "/healthz/live", "/healthz/ready"


@pytest.fixture
def directory_down(fresh_clinic: FreshClinic, stack: Stack) -> Iterator[None]:
    """The directory stopped. With `fresh_clinic` no transaction is open: real connections break."""
    stack.stop("directory")
    yield
    stack.start("directory")
    connections["default"].close()


@pytest.mark.parametrize("host", ["norte.localhost", "localhost", "api.localhost", "10.1.2.3"])
def test_the_probes_are_answered_on_every_host(host: str, people: Everybody) -> None:
    client = Client(SERVER_NAME=host)
    assert client.get(LIVE).json() == {"status": "ok"}
    ready = client.get(READY)
    assert ready.status_code == 200
    assert ready.json() == {"status": "ok", "checks": {"directory": True, "cache": True}}
    assert ready["X-Request-ID"]


def test_a_probe_is_not_sent_to_https(people: Everybody, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get(READY).status_code == 200


def test_without_the_directory_the_service_lives_and_is_not_ready(
    directory_down: None, api: Api
) -> None:
    client = Client()
    assert client.get(LIVE).status_code == 200

    for _ in range(2):
        ready = client.get(READY)
        assert ready.status_code == 503
        assert ready.json()["status"] == "unavailable"
        assert ready.json()["checks"]["directory"] is False


def test_it_is_ready_again_by_itself(
    fresh_clinic: FreshClinic, stack: Stack, people: Everybody
) -> None:
    stack.stop("directory")
    assert Client().get(READY).status_code == 503

    stack.start("directory")
    assert Client().get(READY).status_code == 200


def test_without_redis_it_is_ready_and_says_so(people: Everybody, stack: Stack) -> None:
    stack.stop("redis")
    ready = Client().get(READY)
    assert ready.status_code == 200
    assert ready.json()["checks"] == {"directory": True, "cache": False}

    stack.start("redis")
    assert Client().get(READY).json()["checks"] == {"directory": True, "cache": True}
