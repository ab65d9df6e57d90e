"""Every request has an id, an actor with an address, and nothing of the request before."""

from collections.abc import Callable

import pytest
import structlog
from django.conf import LazySettings
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from core.actor import Actor, acting, acting_as_job, current_actor, identify
from core.requests import RequestMiddleware, RequestNotes, client_address, notes_of

pytestmark = pytest.mark.without_database


def through(request: HttpRequest, view: Callable[[HttpRequest], object]) -> HttpResponse:
    """The answer to a request whose view calls `view`."""

    def respond(inner: HttpRequest) -> HttpResponse:
        view(inner)
        return HttpResponse()

    return RequestMiddleware(respond)(request)


@pytest.mark.parametrize("given", ["abcdefgh", "01a20948-3bd8-7495", "A.b_c-1234", "x" * 64])
def test_a_well_formed_request_id_is_taken_and_answered(given: str) -> None:
    seen: list[Actor] = []
    request = RequestFactory().get("/", HTTP_X_REQUEST_ID=given)
    answer = through(request, lambda _: seen.append(current_actor()))
    assert answer["X-Request-ID"] == seen[0].request_id == given


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "a b c d e f", "ação-1234", "a\tb-12345"])
def test_any_other_request_id_is_replaced(given: str) -> None:
    answer = through(RequestFactory().get("/", HTTP_X_REQUEST_ID=given), lambda _: None)
    assert answer["X-Request-ID"] != given
    assert len(answer["X-Request-ID"]) == 32


def test_before_the_sign_in_the_actor_is_an_address_and_a_browser() -> None:
    seen: list[Actor] = []
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.9", HTTP_USER_AGENT="phone " * 99)
    through(request, lambda _: seen.append(current_actor()))
    (actor,) = seen
    assert (actor.label, actor.user_id, actor.ip_address) == ("anonymous", "", "203.0.113.9")
    assert len(actor.user_agent) == 200


def test_who_signed_in_is_forgotten_after_the_request() -> None:
    seen: list[str] = []

    def sign_in(_: HttpRequest) -> None:
        identify("42", "Ana")
        structlog.contextvars.bind_contextvars(patient="7")
        seen.append(current_actor().label)

    through(RequestFactory().get("/"), sign_in)
    through(RequestFactory().get("/"), lambda _: seen.append(current_actor().label))

    assert seen == ["Ana", "anonymous"]
    assert current_actor() == Actor(label="job:tests")

    through(
        RequestFactory().get("/"),
        lambda _: seen.append(repr(structlog.contextvars.get_contextvars())),
    )
    assert "patient" not in seen[2]


def test_the_notes_on_a_request_are_its_own_and_need_no_middleware() -> None:
    first, second = RequestFactory().get("/"), RequestFactory().get("/")

    notes_of(first).form_errors.append(("name", "Taken."))

    assert notes_of(first) is notes_of(first)
    assert notes_of(first).form_errors == [("name", "Taken.")]
    assert notes_of(second) == RequestNotes()


def test_a_job_acts_by_its_name_and_then_the_actor_before_it_again() -> None:
    with acting(Actor(user_id="42", label="Ana")):
        with acting_as_job("sweep", reason="it is night") as job:
            assert current_actor() == job
            assert job.as_setting() == '{"label":"job:sweep","reason":"it is night"}'
        assert current_actor().label == "Ana"
    assert current_actor().label == "job:tests"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "", "10.0.0.1"),
        (0, "198.51.100.7", "10.0.0.1"),  # anybody can write that header
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "1.1.1.1, 198.51.100.7", "198.51.100.7"),  # the client wrote the first one
        (2, "1.1.1.1, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        (2, "198.51.100.7", "10.0.0.1"),  # not the way it should have come
        (1, "", "10.0.0.1"),
        (1, "1.1.1.1,", "10.0.0.1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "fe80::1%eth0", "fe80::1"),
        (1, "unknown", "10.0.0.1"),
    ],
)
def test_the_address_is_what_our_own_proxies_saw(
    proxies: int, forwarded: str, address: str, settings: LazySettings
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == address
