"""Refresh tokens: each works once, and what looks like theft ends the sign-in."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import LazySettings
from django.db import connections
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import TokenFamily, User
from accounts.services import password_change, user_update
from tenants.context import ClinicRoute, clinic_scope
from tests.accounts.conftest import Phone, Phones
from tests.people import Everybody, FreshClinic, InThreads

if TYPE_CHECKING:  # the stubs' name for a test client's response
    from rest_framework.response import _MonkeyPatchedResponse as Answer


def family_of(person: User) -> TokenFamily:
    return TokenFamily.objects.get(user_id=person.pk)


def an_hour_passes() -> None:
    """Takes the sign-ins past the leeway that parallel requests of one phone have."""
    TokenFamily.objects.update(rotated_at=timezone.now() - timedelta(hours=1))


def test_each_refresh_gives_a_new_pair_and_the_chain_goes_on(
    phone: Phones, people: Everybody, in_norte: ClinicRoute
) -> None:
    owner = phone(people.norte.owner)
    seen = {owner.refresh}
    for _ in range(3):
        answer = owner.renew()

        assert answer.status_code == 200
        assert answer["Cache-Control"] == "no-store"
        assert owner.me().status_code == 200

        seen.add(owner.refresh)
        an_hour_passes()

    assert len(seen) == 4
    assert family_of(people.norte.owner).generation == 3


def test_a_used_token_ends_the_sign_in_and_with_it_the_thiefs(
    phone: Phones, people: Everybody, in_norte: ClinicRoute
) -> None:
    owner = phone(people.norte.owner)
    stolen = owner.refresh
    owner.renew()
    an_hour_passes()
    refused = phone("norte.localhost").renew(stolen)

    assert refused.status_code == 401
    assert refused.json()["code"] == "token_invalid"
    assert owner.renew().status_code == 401  # the newest one is dead too
    assert family_of(people.norte.owner).revoked_for == "reuse"


def test_a_token_two_steps_behind_is_theft_whenever_it_comes(
    phone: Phones, people: Everybody, in_norte: ClinicRoute
) -> None:
    owner = phone(people.norte.owner)
    stolen = owner.refresh
    owner.renew()
    owner.renew()

    assert phone("norte.localhost").renew(stolen).status_code == 401
    assert owner.renew().status_code == 401


def test_theft_ends_one_sign_in_and_not_the_other_phones(
    phone: Phones, people: Everybody, in_norte: ClinicRoute
) -> None:
    lost, kept = phone(people.norte.owner), phone(people.norte.owner)
    stolen = lost.refresh
    lost.renew()
    an_hour_passes()
    phone("norte.localhost").renew(stolen)

    assert lost.renew().status_code == 401
    assert kept.renew().status_code == 200


def test_a_phone_that_asks_twice_at_once_stays_signed_in(
    phone: Phones, people: Everybody, in_norte: ClinicRoute
) -> None:
    owner = phone(people.norte.owner)
    used = owner.refresh
    owner.renew()
    again = phone("norte.localhost").renew(used)

    assert again.status_code == 409
    assert again.json()["code"] == "token_superseded"
    assert "access" not in again.json()
    assert owner.renew().status_code == 200


def test_of_parallel_refreshes_exactly_one_wins(
    fresh_clinic: FreshClinic, phone: Phones, in_threads: InThreads
) -> None:
    owner = phone(fresh_clinic.people.owner)
    for _ in range(5):
        answers = in_threads(8, lambda: phone(fresh_clinic.host).renew(owner.refresh))

        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7

        won = next(answer for answer in answers if answer.status_code == 200)
        owner.refresh = won.json()["refresh"]

    assert owner.renew().status_code == 200


def test_signing_out_while_refreshing_leaves_nothing_alive(
    fresh_clinic: FreshClinic, phone: Phones, in_threads: InThreads
) -> None:
    for _ in range(5):
        owner = phone(fresh_clinic.people.owner)
        turns = iter(["out", "renew"] * 4)

        def work(owner: Phone = owner, turns: Iterator[str] = turns) -> "Answer":
            mine = phone(fresh_clinic.host)
            if next(turns) == "out":
                return mine.sign_out(owner.refresh)
            return mine.renew(owner.refresh)

        answers = in_threads(8, work)

        assert {answer.status_code for answer in answers} <= {200, 204, 401, 409}

        for answer in answers:
            if answer.status_code == 200:
                assert owner.renew(answer.json()["refresh"]).status_code == 401


def test_a_reuse_that_races_with_a_refresh_leaves_nothing_alive(
    fresh_clinic: FreshClinic, phone: Phones, in_threads: InThreads
) -> None:
    """With a row for each token, the revocation would miss the successor that is being inserted."""
    for _ in range(5):
        owner = phone(fresh_clinic.people.owner)
        stolen = owner.refresh
        owner.renew()
        owner.renew()
        turns = iter([stolen, owner.refresh] * 4)

        def renew(turns: Iterator[str] = turns) -> "Answer":
            return phone(fresh_clinic.host).renew(next(turns))

        answers = in_threads(8, renew)

        assert {answer.status_code for answer in answers} <= {200, 401, 409}

        for answer in answers:
            if answer.status_code == 200:
                assert owner.renew(answer.json()["refresh"]).status_code == 401


def test_a_new_password_ends_every_sign_in_of_the_old_one(
    phone: Phones, people: Everybody, in_norte: ClinicRoute
) -> None:
    phones = [phone(people.norte.manager) for _ in range(2)]
    manager = User.objects.get(pk=people.norte.manager.pk)
    password_change(acting_user=None, user=manager, password="a new battery")

    for each in phones:
        assert each.renew().status_code == 401

    new = phone("norte.localhost")
    assert new.sign_in(manager.email).status_code == 401
    assert new.sign_in(manager.email, "a new battery").status_code == 200
    assert new.renew().status_code == 200


def test_a_password_that_was_changed_past_the_services_ends_them_too(
    phone: Phones, people: Everybody, in_norte: ClinicRoute
) -> None:
    """Django's own forms and commands write the row themselves."""
    manager = phone(people.norte.manager)
    person = User.objects.get(pk=people.norte.manager.pk)
    person.set_password("a new battery")
    person.save()

    assert manager.renew().status_code == 401
    assert family_of(person).revoked_for == "credential"


def test_a_deactivated_person_cannot_refresh_not_even_after_coming_back(
    phone: Phones, people: Everybody, in_norte: ClinicRoute
) -> None:
    manager = phone(people.norte.manager)
    person = User.objects.get(pk=people.norte.manager.pk)
    user_update(acting_user=None, user=person, is_active=False)

    assert manager.renew().status_code == 401

    user_update(acting_user=None, user=person, is_active=True)
    assert manager.renew().status_code == 401
    assert manager.sign_in(person.email).status_code == 200


def test_a_person_who_is_gone_cannot_refresh(phone: Phones, in_norte: ClinicRoute) -> None:
    guest = User.objects.create_user(
        "guest@norte.example", "correct horse battery", full_name="Guest", role="receptionist"
    )
    owner = phone(guest)
    guest.delete()
    assert owner.renew().status_code == 401
    assert owner.me().status_code == 401


def test_signing_out_ends_the_sign_in_and_may_be_repeated(
    phone: Phones, people: Everybody, in_norte: ClinicRoute
) -> None:
    owner, other = phone(people.norte.owner), phone(people.norte.owner)
    first = owner.refresh
    owner.renew()
    answer = owner.sign_out(first)  # a client that lost the newest answer still gets out

    assert (answer.status_code, answer.content) == (204, b"")
    assert owner.sign_out().status_code == 204
    assert owner.renew().status_code == 401
    assert other.renew().status_code == 200


def test_a_sign_in_that_rests_too_long_ends(
    phone: Phones, people: Everybody, in_norte: ClinicRoute
) -> None:
    owner = phone(people.norte.owner)
    TokenFamily.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert owner.renew().status_code == 401
    assert family_of(people.norte.owner).revoked_at is None  # nothing was stolen


def test_no_sign_in_lasts_longer_than_its_total(
    phone: Phones, people: Everybody, in_norte: ClinicRoute, settings: LazySettings
) -> None:
    owner = phone(people.norte.owner)
    begun = timezone.now() - timedelta(days=settings.REFRESH_TOTAL_DAYS - 1)
    TokenFamily.objects.update(created_at=begun)

    assert owner.renew().status_code == 200

    ends = begun + timedelta(days=settings.REFRESH_TOTAL_DAYS)
    assert family_of(people.norte.owner).expires_at == ends


def test_an_access_token_is_no_refresh_token(phone: Phones, people: Everybody) -> None:
    owner = phone(people.norte.owner)
    for way in (owner.renew, owner.sign_out):
        assert way(owner.access).status_code == 401


def test_the_row_holds_nothing_that_opens_a_door(
    phone: Phones, people: Everybody, norte: ClinicRoute
) -> None:
    owner = phone(people.norte.owner)
    with clinic_scope(norte):
        row = TokenFamily.objects.filter(user_id=people.norte.owner.pk).values().get()
        password = User.objects.get(pk=people.norte.owner.pk).password
    text = repr(row)

    assert owner.refresh not in text
    assert owner.access not in text
    assert password not in text


def test_a_refresh_costs_four_statements(
    phone: Phones,
    people: Everybody,
    norte: ClinicRoute,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    owner = phone(people.norte.owner)

    with django_assert_max_num_queries(6, connection=connections[norte.shard]):
        assert owner.renew().status_code == 200  # enter, begin, enter, read, swap, commit
