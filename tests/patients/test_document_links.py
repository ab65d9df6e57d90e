"""A link opens one document, for one person, in one clinic, for a minute."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import signing
from django.test import Client

from accounts.models import User
from accounts.services import user_update
from tenants.context import ClinicRoute, clinic_scope
from tests.people import Api, Everybody

URL = "/api/v1/documents"


def token_of(link: str) -> str:
    return urlsplit(link).query.removeprefix("token=")


def test_a_link_opens_for_a_minute(
    api: Api,
    people: Everybody,
    scanned: Callable[..., dict[str, Any]],
    follow: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    document = scanned()
    link = api(people.norte.owner).get(f"{URL}/{document['id']}/link").json()["url"]
    stamp = time.time()

    monkeypatch.setattr("django.core.signing.time.time", lambda: stamp + 59)

    assert follow(link).status_code == 200

    monkeypatch.setattr("django.core.signing.time.time", lambda: stamp + 62)
    refused = follow(link)

    assert (refused.status_code, refused.json()["code"]) == (403, "invalid_link")


def test_a_link_opens_only_its_document_and_only_in_its_clinic(
    api: Api,
    people: Everybody,
    scanned: Callable[..., dict[str, Any]],
    browser: Client,
    follow: Callable[[str], Any],
) -> None:
    one, other = scanned(), scanned(name="outro.pdf")
    link = api(people.norte.owner).get(f"{URL}/{one['id']}/link").json()["url"]

    assert follow(link.replace(one["id"], other["id"])).status_code == 403

    path = link.removeprefix("http://norte.localhost")
    assert Client(SERVER_NAME="sul.localhost").get(path).status_code == 403

    for token in ("", "x", token_of(link)[:-1], signing.dumps([1, 2, 3]), signing.dumps("x")):
        refused = browser.get(f"{URL}/{one['id']}/content", {"token": token})
        assert (refused.status_code, refused.json()["code"]) == (403, "invalid_link"), token

    assert browser.get(f"{URL}/{one['id']}/content").status_code == 403


@pytest.mark.parametrize(
    "bound_to", [["a", "b"], "text", 7, [None, None, None], ["x", "y", "z"], {"a": 1}]
)
def test_a_token_of_another_shape_opens_nothing(
    browser: Client, scanned: Callable[..., dict[str, Any]], bound_to: Any
) -> None:
    token = signing.dumps(bound_to, salt="patients.documents.link")
    assert browser.get(f"{URL}/{scanned()['id']}/content", {"token": token}).status_code == 403


def test_a_link_ends_with_its_persons_account(
    api: Api,
    people: Everybody,
    scanned: Callable[..., dict[str, Any]],
    follow: Callable[[str], Any],
    norte: ClinicRoute,
) -> None:
    document = scanned()
    link = api(people.norte.manager).get(f"{URL}/{document['id']}/link").json()["url"]

    with clinic_scope(norte):
        manager = User.objects.get(pk=people.norte.manager.pk)
        user_update(acting_user=None, user=manager, is_active=False)

    assert follow(link).status_code == 403


def test_a_link_is_followed_whatever_the_reader_accepts(
    api: Api, people: Everybody, scanned: Callable[..., dict[str, Any]], browser: Client
) -> None:
    document = scanned()
    link = api(people.norte.owner).get(f"{URL}/{document['id']}/link").json()["url"]
    path = link.removeprefix("http://norte.localhost")
    assert browser.get(path, headers={"Accept": "application/pdf"}).status_code == 200
