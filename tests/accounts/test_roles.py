"""What a role may do: in the admin (RoleBackend) and in the API (ByRole); default: nothing."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Permission
from django.views import View
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from accounts.backends import CLINIC_ADMIN_APPS, RoleBackend
from accounts.models import ADMIN_ROLES, CLINIC_ADMIN_ROLES, STAFF_ROLES, Role, User
from accounts.permissions import person_of
from tenants.context import ClinicRoute
from tenants.postgresql.owner import as_owner

backend = RoleBackend()


def person(role: Role, **fields: Any) -> User:
    return User(role=role, **fields)


@pytest.mark.without_database
@pytest.mark.parametrize("role", [Role.OWNER, Role.MANAGER])
def test_owner_and_manager_do_everything_in_their_clinics_apps(role: Role) -> None:
    for app in CLINIC_ADMIN_APPS:
        assert backend.has_perm(person(role), f"{app}.change_patient")
        assert backend.has_module_perms(person(role), app)


@pytest.mark.without_database
@pytest.mark.parametrize("role", [Role.OWNER, Role.MANAGER])
@pytest.mark.parametrize(
    "perm",
    [
        "tenants.view_clinic",
        "auth.change_group",
        "sessions.view_session",
        "admin.view_logentry",
        "django_celery_beat.view_periodictask",
        "accounts.view_tokenfamily",
        "accounts.delete_tokenfamily",
        "",
    ],
)
def test_owner_and_manager_do_nothing_elsewhere(role: Role, perm: str) -> None:
    assert not backend.has_perm(person(role), perm)


@pytest.mark.without_database
@pytest.mark.parametrize("role", [Role.THERAPIST, Role.RECEPTIONIST, Role.PATIENT])
def test_the_other_roles_do_nothing_in_the_admin(role: Role) -> None:
    for app in CLINIC_ADMIN_APPS:
        assert not backend.has_perm(person(role), f"{app}.view_patient")
        assert not backend.has_module_perms(person(role), app)


@pytest.mark.without_database
def test_the_platforms_staff_see_the_directory_and_no_clinical_app() -> None:
    root = person(Role.PLATFORM, is_superuser=True)
    assert backend.has_perm(root, "tenants.change_clinic")
    assert backend.has_perm(root, "django_celery_beat.view_periodictask")
    assert not backend.has_perm(root, "patients.view_patient")
    assert not backend.has_perm(person(Role.PLATFORM), "tenants.change_clinic")


@pytest.mark.without_database
def test_anonymous_and_inactive_people_do_nothing() -> None:
    assert not backend.has_perm(AnonymousUser(), "patients.view_patient")
    assert not backend.has_perm(person(Role.OWNER, is_active=False), "patients.view_patient")
    assert not backend.has_module_perms(person(Role.OWNER, is_active=False), "patients")


def test_permissions_granted_in_djangos_tables_count_for_nothing(in_norte: ClinicRoute) -> None:
    """The role is the only source, so that nobody keeps a right that the role lost."""
    therapist = User.objects.get(email="therapist@norte.example")
    with as_owner("shard_1"):  # the application may not even write there
        for permission in Permission.objects.all():
            therapist.user_permissions.add(permission)

    assert not backend.has_perm(therapist, "patients.view_patient")
    assert not therapist.has_perm("patients.view_patient")
    assert not therapist.has_module_perms("patients")


@pytest.mark.without_database
def test_the_trail_is_read_by_two_roles_and_changed_by_none() -> None:
    for role in Role:
        reads = role in {Role.OWNER, Role.AUDITOR}

        assert backend.has_perm(person(role), "audit.view_event") == reads
        assert backend.has_module_perms(person(role), "audit") == reads
        for action in ("add", "change", "delete"):
            assert not backend.has_perm(person(role), f"audit.{action}_event")

    assert not backend.has_perm(person(Role.AUDITOR), "patients.view_patient")
    assert not backend.has_module_perms(person(Role.AUDITOR), "patients")


@pytest.mark.without_database
def test_staff_are_those_who_may_enter_an_admin() -> None:
    assert {role for role in Role if person(role).is_staff} == CLINIC_ADMIN_ROLES | {Role.PLATFORM}
    assert ADMIN_ROLES | {Role.THERAPIST, Role.RECEPTIONIST} == STAFF_ROLES


class Rooms(APIView):
    """A view as somebody might add it, with a table that forgets a method."""

    roles = {"get": frozenset({Role.MANAGER})}

    def get(self, request: Request) -> Response:
        return Response({"by": str(person_of(request).role)})

    def post(self, request: Request) -> Response:
        return Response()


class NoTable(APIView):
    """A view whose author forgot the table."""

    def get(self, request: Request) -> Response:
        return Response()


def call(view: type[View], method: str, user: User | AnonymousUser | None) -> int:
    request = APIRequestFactory().generic(method, "/")
    if user is not None:
        force_authenticate(request, user)
    response = view.as_view()(request)
    return int(response.status_code)


def test_a_view_serves_the_roles_of_its_table(in_norte: ClinicRoute) -> None:
    for role in Role:
        assert call(Rooms, "GET", person(role)) == (200 if role is Role.MANAGER else 403), role
    assert call(Rooms, "GET", None) == 401


def test_an_action_without_a_row_is_refused_for_everybody(in_norte: ClinicRoute) -> None:
    for role in Role:
        assert call(Rooms, "POST", person(role)) == 403, role
        assert call(NoTable, "GET", person(role)) == 403, role


def test_an_inactive_person_and_a_stranger_are_refused(in_norte: ClinicRoute) -> None:
    assert call(Rooms, "GET", person(Role.MANAGER, is_active=False)) == 403
    assert call(Rooms, "GET", AnonymousUser()) == 403
