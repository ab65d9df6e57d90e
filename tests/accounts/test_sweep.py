"""Periodic work: what has ended is deleted, clinic by clinic."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import TokenFamily, User
from accounts.sessions import token_issue
from accounts.tasks import sweep_clinic, sweep_every_clinic
from fisioflow.celery import app
from tenants.context import ClinicRoute, clinic_scope
from tests.people import Everybody


def leave_behind(owner: User) -> None:
    """Sign-ins and sessions: some ended two days ago, some just now, and some go on."""
    now = timezone.now()

    for ended in (timedelta(days=2), timedelta(minutes=1), -timedelta(days=1)):
        token_issue(user=owner)
        newest = TokenFamily.objects.latest("created_at")
        TokenFamily.objects.filter(pk=newest.pk).update(expires_at=now - ended)
        Session.objects.create(
            session_key=f"key-{ended.total_seconds():.0f}", expire_date=now - ended
        )


def left(route: ClinicRoute) -> tuple[int, int]:
    with clinic_scope(route):
        return TokenFamily.objects.count(), Session.objects.count()


def test_the_sweep_takes_what_ended_in_every_clinic(
    people: Everybody, norte: ClinicRoute, sul: ClinicRoute
) -> None:
    for route, owner in ((norte, people.norte.owner), (sul, people.sul.owner)):
        with clinic_scope(route):
            leave_behind(owner)

    assert sweep_every_clinic() >= 2

    # A sign-in is kept for a day after its end, so that a reuse is still seen for what it is.
    assert left(norte) == left(sul) == (2, 1)


def test_the_sweep_of_one_clinic_leaves_the_other_alone(
    people: Everybody, norte: ClinicRoute, sul: ClinicRoute
) -> None:
    for route, owner in ((norte, people.norte.owner), (sul, people.sul.owner)):
        with clinic_scope(route):
            leave_behind(owner)

    assert sweep_clinic.delay(str(norte.clinic_id)).get() == 3
    assert left(norte) == (2, 1)
    assert left(sul) == (3, 3)


def test_the_schedule_names_tasks_that_exist() -> None:
    app.loader.import_default_modules()
    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks
