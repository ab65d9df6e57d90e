"""The people themselves: what the services and the database hold them to."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connections, transaction

from accounts.errors import RoleAboveOwn
from accounts.models import Role, TokenFamily, User
from accounts.services import password_change, user_create, user_update
from accounts.sessions import token_issue, user_revoke_tokens
from core.constraints import FieldConflict
from tenants.context import ClinicRoute, clinic_scope, platform_scope
from tenants.errors import CrossClinicAccess, NoClinicActive
from tests.people import Everybody

ANA: dict[str, Any] = {"email": "ana@norte.example", "full_name": "Ana", "role": Role.RECEPTIONIST}


def violated(**fields: object) -> str:
    """The name of the constraint that refuses the row, past services and forms."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic(using="shard_1"):
        User.objects.bulk_create([User(**{**ANA, **fields})])
    return str(refused.value.__cause__.diag.constraint_name)  # type: ignore[union-attr]


def test_a_person_is_made_with_a_hashed_password_and_a_tidy_email(in_norte: ClinicRoute) -> None:
    made = user_create(acting_user=None, **{**ANA, "email": " Ana@NORTE.example "}, password="x y")
    made.refresh_from_db()
    assert made.email == "ana@norte.example"
    assert made.password != "x y"
    assert made.check_password("x y")
    assert str(made) == "Ana"
    assert str(User(email="b@norte.example")) == "b@norte.example"


def test_an_email_is_taken_once_whatever_its_letter_case(in_norte: ClinicRoute) -> None:
    with pytest.raises(FieldConflict) as refused:
        user_create(acting_user=None, **{**ANA, "email": "Owner@norte.example"})
    assert (refused.value.field, refused.value.field_code) == ("email", "email_taken")
    assert User.objects.filter(email="owner@norte.example").exists()  # nothing is broken


def test_the_same_email_is_free_in_the_other_clinic(norte: ClinicRoute, sul: ClinicRoute) -> None:
    for route in (norte, sul):
        with clinic_scope(route):
            user_create(acting_user=None, **ANA)


def test_a_person_of_one_clinic_cannot_be_changed_in_the_other(
    people: Everybody, sul: ClinicRoute
) -> None:
    owner = people.norte.owner

    with clinic_scope(sul):
        for attempt in (
            lambda: user_update(acting_user=None, user=owner, is_active=False),
            lambda: password_change(acting_user=None, user=owner, password="x"),
            lambda: user_revoke_tokens(acting_user=None, user=owner, reason="credential"),
        ):
            with pytest.raises((CrossClinicAccess, NoClinicActive, ValueError, User.DoesNotExist)):
                attempt()


def test_a_person_is_changed_field_by_field(people: Everybody, in_norte: ClinicRoute) -> None:
    manager = User.objects.get(pk=people.norte.manager.pk)
    user_update(acting_user=None, user=manager, email="NEW@norte.example", full_name="New")
    manager.refresh_from_db()

    assert (manager.email, manager.full_name) == ("new@norte.example", "New")


def test_a_change_to_a_taken_email_or_an_unknown_field_is_refused(
    people: Everybody, in_norte: ClinicRoute
) -> None:
    manager = User.objects.get(pk=people.norte.manager.pk)

    with pytest.raises(FieldConflict):
        user_update(acting_user=None, user=manager, email="owner@norte.example")
    with pytest.raises(TypeError, match="password"):
        user_update(acting_user=None, user=manager, password="x")


def test_deactivating_ends_every_sign_in(people: Everybody, in_norte: ClinicRoute) -> None:
    manager = User.objects.get(pk=people.norte.manager.pk)
    token_issue(user=manager)
    token_issue(user=people.norte.owner)
    user_update(acting_user=None, user=manager, is_active=False)
    families = TokenFamily.objects.order_by("created_at")
    assert [family.revoked_for for family in families] == ["deactivated", ""]


@pytest.mark.parametrize(
    ("actor", "target", "allowed"),
    [
        ("owner", "manager", True),
        ("owner", "owner", True),
        ("manager", "therapist", True),
        ("manager", "manager", True),
        ("manager", "owner", False),
        ("receptionist", "manager", False),
        ("patient", "owner", False),
    ],
)
def test_nobody_touches_a_role_above_their_own(
    actor: str, target: str, allowed: bool, people: Everybody, in_norte: ClinicRoute
) -> None:
    acting = getattr(people.norte, actor)
    user = User.objects.get(pk=getattr(people.norte, target).pk)

    def attempts() -> None:
        user_update(acting_user=acting, user=user, full_name="X")
        password_change(acting_user=acting, user=user, password="a new battery")

    if allowed:
        attempts()
    else:
        with pytest.raises(RoleAboveOwn):
            user_update(acting_user=acting, user=user, full_name="X")
        with pytest.raises(RoleAboveOwn):
            password_change(acting_user=acting, user=user, password="a new battery")


def test_a_manager_makes_no_owner_of_anybody_themselves_included(
    people: Everybody, in_norte: ClinicRoute
) -> None:
    manager = people.norte.manager

    with pytest.raises(RoleAboveOwn):
        user_create(acting_user=manager, **{**ANA, "role": Role.OWNER})
    for pk in (manager.pk, people.norte.receptionist.pk):
        with pytest.raises(RoleAboveOwn):
            user_update(acting_user=manager, user=User.objects.get(pk=pk), role=Role.OWNER)


def test_the_stored_role_counts_and_not_the_one_in_the_object(
    people: Everybody, in_norte: ClinicRoute
) -> None:
    owner = User.objects.get(pk=people.norte.owner.pk)
    owner.role = Role.RECEPTIONIST  # as a form leaves it before the service is called

    with pytest.raises(RoleAboveOwn):
        user_update(acting_user=people.norte.manager, user=owner, role=Role.RECEPTIONIST)


def test_an_owner_makes_no_platform_staff(people: Everybody, in_norte: ClinicRoute) -> None:
    with pytest.raises(RoleAboveOwn):
        user_create(acting_user=people.norte.owner, **{**ANA, "role": Role.PLATFORM})


def test_the_database_holds_what_a_person_is(in_norte: ClinicRoute) -> None:
    assert violated(email="OWNER@norte.example") == "accounts_user_email_unique"
    assert violated(role="king") == "accounts_user_role_known"
    assert violated(role=Role.THERAPIST) == "accounts_user_therapist_has_crefito"
    assert violated(is_superuser=True) == "accounts_user_superuser_is_platform"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"role": Role.THERAPIST}, "crefito"),
        ({"role": "king"}, "role"),
        ({"email": "owner@norte.example"}, "email"),
        ({"email": "no e-mail"}, "email"),
        ({"full_name": ""}, "full_name"),
        ({"full_name": "x" * 101}, "full_name"),
    ],
)
def test_a_form_refuses_it_beforehand(
    fields: dict[str, object], field: str, in_norte: ClinicRoute
) -> None:
    with pytest.raises(ValidationError) as refused:
        User(**{**ANA, "password": "!", **fields}).full_clean()
    assert field in refused.value.message_dict


def test_the_database_holds_what_a_sign_in_is(people: Everybody, in_norte: ClinicRoute) -> None:
    token_issue(user=people.norte.owner)

    for column, value, name in (
        ("credential", "'x'", "accounts_tokenfamily_credential_form"),
        ("revoked_at", "now()", "accounts_tokenfamily_revoked_has_reason"),
        ("revoked_for", "'reuse'", "accounts_tokenfamily_revoked_has_reason"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic(using="shard_1"):
            with connections["shard_1"].cursor() as cursor:
                cursor.execute(f"UPDATE accounts_tokenfamily SET {column} = {value}")


def test_platform_staff_live_only_in_the_directory(norte: ClinicRoute) -> None:
    with platform_scope():
        User.objects.create_superuser("root@fisioflow.example", "x y z", full_name="Root")
        assert User.objects.get_by_natural_key("ROOT@fisioflow.example").is_superuser
    with clinic_scope(norte):
        assert not User.objects.filter(email="root@fisioflow.example").exists()
    with pytest.raises(NoClinicActive), platform_scope():
        user_create(acting_user=None, **ANA)
