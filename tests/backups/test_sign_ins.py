"""People stay signed in through a restore and its undoing; sign-ins that ended stay ended."""

import pytest
from django.conf import LazySettings
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Role, User
from accounts.services import user_create, user_update
from backups.restore.undo import restore_undo
from backups.stores import Store
from core.actor import acting_as_job
from tenants.context import clinic_scope
from tests.accounts.conftest import Phone
from tests.backups.rebuilding import backed_up
from tests.backups.test_restore import restored
from tests.conftest import PASSWORD
from tests.people import FreshClinic


def phone_of(clinic: FreshClinic, email: str) -> Phone:
    """The signed-in phone of this person."""
    phone = Phone(APIClient(SERVER_NAME=clinic.host))
    assert phone.sign_in(email).status_code == 200
    return phone


def somebody_new(clinic: FreshClinic) -> User:
    with clinic_scope(clinic.route):
        return user_create(
            acting_user=None,
            email=f"nova@{clinic.route.schema}.example",
            full_name="Nova Gerente",
            role=Role.MANAGER,
            password=PASSWORD,
        )


def undone(clinic: FreshClinic) -> None:
    with acting_as_job("undo_restore"):
        restore_undo(route=clinic.route, discard=True)


def test_a_phone_and_the_admin_go_on_through_a_restore_and_its_undoing(
    fresh_clinic: FreshClinic, configured: Store
) -> None:
    made = backed_up(configured, fresh_clinic.route)
    email = fresh_clinic.people.owner.email
    phone, admin = phone_of(fresh_clinic, email), Client(SERVER_NAME=fresh_clinic.host)
    admin.post("/admin/login/", {"username": email, "password": PASSWORD})
    restored(configured, fresh_clinic, made)

    assert phone.renew().status_code == 200
    assert admin.get("/admin/").status_code == 200

    undone(fresh_clinic)
    assert phone.renew().status_code == 200  # by the token that the restored clinic gave
    assert admin.get("/admin/").status_code == 200


def test_a_sign_in_that_was_ended_since_stays_ended(
    fresh_clinic: FreshClinic, configured: Store, settings: LazySettings
) -> None:
    email = fresh_clinic.people.owner.email
    before, between = phone_of(fresh_clinic, email), phone_of(fresh_clinic, email)
    admin = Client(SERVER_NAME=fresh_clinic.host)
    admin.post("/admin/login/", {"username": email, "password": PASSWORD})
    session = admin.cookies[settings.SESSION_COOKIE_NAME].value
    made = backed_up(configured, fresh_clinic.route)
    before.sign_out()
    restored(configured, fresh_clinic, made)

    assert before.renew().status_code == 401

    between.sign_out()
    assert admin.post("/admin/logout/").status_code == 200

    undone(fresh_clinic)
    admin.cookies[settings.SESSION_COOKIE_NAME] = session

    assert admin.get("/admin/").status_code == 302
    assert before.renew().status_code == 401
    assert between.renew().status_code == 401


def test_a_person_who_isnt_in_the_restored_state_is_signed_out(
    fresh_clinic: FreshClinic, configured: Store
) -> None:
    made = backed_up(configured, fresh_clinic.route)
    person = somebody_new(fresh_clinic)
    phone, admin = phone_of(fresh_clinic, person.email), Client(SERVER_NAME=fresh_clinic.host)
    admin.post("/admin/login/", {"username": person.email, "password": PASSWORD})

    assert admin.get("/admin/").status_code == 200

    restored(configured, fresh_clinic, made)
    assert phone.renew().status_code == 401
    assert phone.me().status_code == 401
    assert admin.get("/admin/").status_code == 302


@pytest.mark.parametrize("was_active", [True, False])
def test_a_person_who_is_inactive_in_the_restored_state_is_signed_out(
    was_active: bool, fresh_clinic: FreshClinic, configured: Store
) -> None:
    person = somebody_new(fresh_clinic)
    with clinic_scope(fresh_clinic.route):
        user_update(acting_user=None, user=person, is_active=was_active)
    made = backed_up(configured, fresh_clinic.route)
    with clinic_scope(fresh_clinic.route):
        user_update(acting_user=None, user=person, is_active=True)
    phone = phone_of(fresh_clinic, person.email)
    restored(configured, fresh_clinic, made)
    with clinic_scope(fresh_clinic.route):
        assert person.token_families.count() == int(was_active)

    assert phone.renew().status_code == (200 if was_active else 401)
