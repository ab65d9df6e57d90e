"""A list of the admins is filtered only by what its page offers: it answers nothing else."""

from typing import Any, TypeAlias

import pytest
from django.contrib.admin import ModelAdmin
from django.test import Client, RequestFactory

import fisioflow.admin  # noqa: F401  registers the pages
from accounts.admin_sites import clinic_site, platform_site
from core.record_admin import RecordAdmin
from tests.fisioflow.conftest import PEOPLE

Page: TypeAlias = "ModelAdmin[Any]"
PAGES: list[Page] = [
    page
    for site in (clinic_site, platform_site)
    for page in site._registry.values()
    if isinstance(page, RecordAdmin)
]
GUESSES = ("startswith", "gte", "regex", "contains", "in", "exact")


def name_of(page: Page) -> str:
    return f"{page.admin_site.name}:{page.model._meta.label}"


def offered_by(page: Page) -> set[str]:
    """The fields that the page's filters are about; a filter by a class of its own names none."""
    filters: list[Any] = [one for one in page.list_filter if not isinstance(one, type)]
    named = {one if isinstance(one, str) else one[0] for one in filters}
    return named | ({page.date_hierarchy} if page.date_hierarchy else set())


@pytest.mark.without_database
@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_field_is_asked_that_no_filter_offers(page: Page) -> None:
    request = RequestFactory().get("/")
    others = [f for f in page.model._meta.concrete_fields if f.name not in offered_by(page)]

    for field in others:
        for guess in GUESSES:
            assert not page.lookup_allowed(f"{field.name}__{guess}", "a", request), field.name


@pytest.mark.without_database
@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_filter_leads_into_the_fields_of_another_record(page: Page) -> None:
    request = RequestFactory().get("/")
    relations = [f for f in page.model._meta.concrete_fields if f.related_model]

    for relation in relations:
        target: Any = relation.related_model
        for field in target._meta.concrete_fields:
            lookup = f"{relation.name}__{field.name}__startswith"
            assert not page.lookup_allowed(lookup, "a", request), lookup


@pytest.mark.parametrize("guess", ["password__startswith=md5", "password__gte=m", "last_login=1"])
def test_a_managers_guess_at_a_password_is_refused(manager: Client, guess: str) -> None:
    assert manager.get(f"{PEOPLE}?{guess}").status_code == 400


def test_a_staff_members_guess_at_a_password_is_refused(staff: Client) -> None:
    assert staff.get(f"{PEOPLE}?password__startswith=md5").status_code == 400


@pytest.mark.parametrize(
    "filtered",
    [
        "accounts/user/?is_active__exact=1",
        "accounts/user/?role=owner",
        "scheduling/appointment/?status__exact=scheduled",
        "scheduling/appointment/?room__isnull=True",
        "scheduling/appointment/?start_time__year=2026&start_time__month=3&start_time__day=2",
    ],
)
def test_what_the_page_offers_still_filters(owner: Client, filtered: str) -> None:
    assert owner.get(f"/admin/{filtered}").status_code == 200


def test_a_filter_by_a_person_still_filters(owner: Client) -> None:
    page = owner.get(
        "/admin/patients/patient/?therapist__id__exact=00000000-0000-0000-0000-000000000000"
    )

    assert page.status_code == 200
