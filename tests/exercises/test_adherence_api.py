"""Adherence over HTTP: what therapist and patient see of the patient's progress."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from exercises.models import Prescription
from tenants.context import ClinicRoute, clinic_scope
from tests.exercises.conftest import ALog, Others, errors_of
from tests.people import Api, Everybody


@pytest.fixture
def url(people: Everybody) -> str:
    return f"/api/v1/patients/{people.norte.record.pk}/adherence"


def test_weeks_and_days_of_the_last_four_weeks(
    api: Api, people: Everybody, url: str, a_log: ALog, norte: ClinicRoute
) -> None:
    now = timezone.now()
    with clinic_scope(norte):
        today = timezone.localdate()
        for days, pain in ((14, 7), (7, 5), (7, 6), (1, 2)):
            a_log(done_at=now - timedelta(days=days), pain=pain).save()

    report = api(people.norte.therapist).get(url)
    assert report.status_code == 200, report.json()

    weeks, days = report.json()["weeks"], report.json()["days"]
    assert weeks[0]["start"] == (today - timedelta(days=27)).isoformat()
    assert sum(week["logged_days"] for week in weeks) == 3

    monday = today - timedelta(days=today.weekday() + 7)
    last_week = next(week for week in weeks if week["start"] == monday.isoformat())
    assert last_week["prescribed_days"] == 4

    assert [(day["logs"], day["pain"]) for day in days] == [(1, 7.0), (2, 5.5), (1, 2.0)]
    assert api(people.norte.patient).get(url).json() == report.json()


def test_a_prescription_asks_from_its_start_until_it_is_closed(
    api: Api, people: Everybody, url: str, prescription: Prescription, norte: ClinicRoute
) -> None:
    therapist = api(people.norte.therapist)
    start: date = prescription.start_date
    monday = start + timedelta(days=7 - start.weekday())
    span = {"from": monday.isoformat(), "to": (monday + timedelta(days=6)).isoformat()}

    def prescribed() -> int:
        (week,) = therapist.get(url, span).json()["weeks"]
        return int(week["prescribed_days"])

    assert prescribed() == 4

    with clinic_scope(norte):
        prescription.end_date = monday + timedelta(days=1)
        prescription.save()
    assert prescribed() == 1  # two days of seven: 8/7

    with clinic_scope(norte):
        prescription.end_date, prescription.status = None, "suspended"
        prescription.closed_on = monday
        prescription.save()
    assert prescribed() == 0


def test_who_may_see_it(api: Api, people: Everybody, url: str, others: Others) -> None:
    for role in ("owner", "manager", "therapist", "patient"):
        assert api(getattr(people.norte, role)).get(url).status_code == 200
    assert api(people.norte.receptionist).get(url).status_code == 403
    for stranger in (others.therapist, others.patient, people.sul.owner):
        assert api(stranger).get(url).status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"from": "2026-03-02", "to": "2026-03-01"}, {"from": "out_of_range"}),
        ({"from": "2025-01-01", "to": "2026-03-01"}, {"from": "out_of_range"}),
        ({"to": "9999-12-31"}, {"to": "out_of_range"}),
        ({"to": "0001-01-01"}, {"to": "out_of_range"}),
        ({"from": "0001-01-01"}, {"from": "out_of_range"}),
        ({"from": "2026-02-30"}, {"from": "invalid"}),
        ({"from": ""}, {"from": "invalid"}),
        ({"since": "2026-03-01"}, {"since": "unknown_parameter"}),
    ],
)
def test_a_span_that_makes_no_sense_is_refused(
    api: Api, people: Everybody, url: str, query: Any, expected: dict[str, str]
) -> None:
    refused = api(people.norte.owner).get(url, query)
    assert refused.status_code == 400
    assert errors_of(refused) == expected
